-- How well voice came through, by time: a page sums it by trunk and phone.
CREATE INDEX call_events_voice ON call_events (at) WHERE kind = 'voice_measured';
