use flate2::Compression;
use flate2::read::{GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::*;

fn chunk_of(vendor: u16, kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len() + CHUNK_HEAD_BYTES).unwrap();
    [
        &vendor.to_be_bytes()[..],
        &kind.to_be_bytes(),
        &length.to_be_bytes(),
        value,
    ]
    .concat()
}

fn frame_of(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    let length = u16::try_from(body.len() + HEAD_BYTES).unwrap();
    [&MAGIC[..], &length.to_be_bytes(), &body].concat()
}

/// What sngrep sends: IPv4, UDP, both ports, the instant, SIP, a probe, a key, the message.
fn chunks() -> Vec<Vec<u8>> {
    vec![
        chunk_of(0, 0x01, &[2]),
        chunk_of(0, 0x02, &[17]),
        chunk_of(0, 0x03, &[192, 0, 2, 1]),
        chunk_of(0, 0x04, &[192, 0, 2, 2]),
        chunk_of(0, 0x07, &5060_u16.to_be_bytes()),
        chunk_of(0, 0x08, &5080_u16.to_be_bytes()),
        chunk_of(0, 0x09, &1_795_478_400_u32.to_be_bytes()),
        chunk_of(0, 0x0a, &250_000_u32.to_be_bytes()),
        chunk_of(0, 0x0b, &[SIP]),
        chunk_of(0, 0x0c, &2001_u32.to_be_bytes()),
        chunk_of(0, 0x0e, b"secret"),
        chunk_of(0x7f, 0x0f, b"of a vendor"),
        chunk_of(0, 0x0f, b"OPTIONS sip:a@b SIP/2.0\r\n\r\n"),
    ]
}

#[test]
fn a_frame_tells_message_instant_ends_probe_and_key() {
    let bytes = frame_of(&chunks());
    let frame = Frame::read(&bytes).unwrap();
    assert_eq!(frame.at, Micros(1_795_478_400_250_000));
    assert_eq!(frame.from, "192.0.2.1:5060".parse().unwrap());
    assert_eq!(frame.to, "192.0.2.2:5080".parse().unwrap());
    assert_eq!((frame.probe, frame.key), (2001, Some(&b"secret"[..])));
    assert!(frame.is_sip);
    assert_eq!(&*frame.payload, b"OPTIONS sip:a@b SIP/2.0\r\n\r\n");
}

#[test]
fn a_packed_payload_is_unpacked_as_zlib_or_gzip_and_never_without_end() {
    let message = b"OPTIONS sip:a@b SIP/2.0\r\n\r\n";
    let read = |packed: &[u8]| {
        let mut chunks = chunks();
        chunks[12] = chunk_of(0, 0x10, packed);
        let bytes = frame_of(&chunks);
        Frame::read(&bytes).map(|frame| frame.payload.into_owned())
    };
    let zlib = |bytes: &[u8]| {
        let mut packed = ZlibEncoder::new(bytes, Compression::best());
        let mut written = Vec::new();
        packed.read_to_end(&mut written).unwrap();
        written
    };
    let mut gzip = Vec::new();
    GzEncoder::new(&message[..], Compression::fast())
        .read_to_end(&mut gzip)
        .unwrap();
    assert_eq!(read(&zlib(message)).unwrap(), message);
    assert_eq!(read(&gzip).unwrap(), message);
    assert_eq!(read(&zlib(&[b'a'; 65_535])).unwrap().len(), 65_535);
    assert_eq!(read(&zlib(&[b'a'; 65_536])), Err(HepError::Compressed));
    let packed = zlib(message);
    assert_eq!(read(&packed[..packed.len() / 2]), Err(HepError::Compressed));
}

#[test]
fn addresses_of_ipv6_are_read() {
    let mut chunks = chunks();
    chunks[2] = chunk_of(0, 0x05, &[1; 16]);
    chunks[3] = chunk_of(0, 0x06, &[2; 16]);
    let bytes = frame_of(&chunks);
    let frame = Frame::read(&bytes).unwrap();
    assert!(frame.from.is_ipv6() && frame.to.is_ipv6());
}

#[test]
fn a_frame_without_what_is_needed_says_what_is_missing() {
    for (gone, expected) in [
        (2, HepError::Missing("who sent it")),
        (3, HepError::Missing("to whom it was sent")),
        (6, HepError::Missing("its instant")),
        (12, HepError::Missing("its payload")),
    ] {
        let mut chunks = chunks();
        chunks.remove(gone);
        assert_eq!(Frame::read(&frame_of(&chunks)), Err(expected));
    }
    let mut chunks = chunks();
    chunks[12] = chunk_of(0, 0x10, b"x");
    assert_eq!(Frame::read(&frame_of(&chunks)), Err(HepError::Compressed));
    chunks[2] = chunk_of(0, 0x03, &[192, 0, 2]);
    assert_eq!(Frame::read(&frame_of(&chunks)), Err(HepError::Chunk));
}

#[test]
fn no_prefix_of_a_frame_is_a_frame_and_no_flipped_bit_does_harm() {
    let bytes = frame_of(&chunks());
    for end in 0..bytes.len() {
        assert!(Frame::read(&bytes[..end]).is_err(), "{end}");
    }
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let _any = Frame::read(&damaged);
    }
}

#[test]
fn a_stream_is_cut_into_the_same_frames_however_it_comes() {
    let one = frame_of(&chunks());
    let other = frame_of(&chunks()[2..]);
    let bytes = [one.clone(), other.clone(), one.clone()].concat();
    for size in 1..bytes.len() {
        let mut reader = FrameReader::default();
        let mut frames = Vec::new();
        for piece in bytes.chunks(size) {
            reader.push(piece);
            while let Some(frame) = reader.next_frame().unwrap() {
                frames.push(frame.to_vec());
            }
        }
        assert_eq!(frames, [one.clone(), other.clone(), one.clone()], "{size}");
    }
    let mut reader = FrameReader::default();
    reader.push(b"HEP3\x00\x05");
    assert_eq!(reader.next_frame(), Err(HepError::Length));
    let mut reader = FrameReader::default();
    reader.push(b"HEX");
    assert_eq!(reader.next_frame(), Err(HepError::Magic));
}

proptest! {
    #[test]
    fn random_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _any = Frame::read(&bytes);
        let framed = [&MAGIC[..], &u16::try_from(bytes.len() + 6).unwrap().to_be_bytes(), &bytes].concat();
        let _any = Frame::read(&framed);
    }
}
