//! SIPp as callers, agents and carriers: scenarios written step by step, run as real processes.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::process::{Child, Command};

const SDP: &str = "v=0\n\
o=sipp 1 1 IN IP[local_ip_type] [local_ip]\n\
s=-\n\
c=IN IP[media_ip_type] [media_ip]\n\
t=0 0\n\
m=audio [media_port] RTP/AVP 0 101\n\
a=rtpmap:0 PCMU/8000\n\
a=rtpmap:101 telephone-event/8000\n";

/// A scenario under construction.
#[derive(Debug, Clone)]
pub struct Scenario {
    steps: String,
    /// Calls others instead of waiting for calls.
    calls: bool,
    cseq: u32,
}

/// A party that dials.
pub fn caller() -> Scenario {
    Scenario {
        steps: String::new(),
        calls: true,
        cseq: 1,
    }
}

/// A party that waits for a call.
pub fn callee() -> Scenario {
    Scenario {
        steps: String::new(),
        calls: false,
        cseq: 1,
    }
}

impl Scenario {
    /// Sends INVITE with an offer.
    #[must_use]
    pub fn invite(self) -> Self {
        self.send(
            "INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0",
            "To: <sip:[service]@[remote_ip]:[remote_port]>",
            "INVITE",
            Some(SDP),
            " retrans=\"500\"",
        )
    }

    /// Answers the INVITE with 200 and a description that nobody can use.
    #[must_use]
    pub fn answer_unusable(mut self) -> Self {
        let contact = "Contact: <sip:[local_ip]:[local_port];transport=[transport]>\n";
        self.respond_headers(200, contact, &SDP.replace("RTP/AVP 0 101", "RTP/AVP 9"));
        self
    }

    /// Whatever ends the call, it is answered.
    #[must_use]
    pub fn wait_for_the_end(mut self) -> Self {
        self.push("<recv request=\"CANCEL\" optional=\"true\" next=\"1\"/>");
        self.push("<recv request=\"ACK\"/>");
        let mut done = self.receive("BYE");
        done.push("<label id=\"1\"/>");
        done
    }

    /// Waits for this response; provisional ones before it may come or not.
    #[must_use]
    pub fn expect(mut self, status: u16) -> Self {
        if status >= 200 {
            for optional in [100, 180, 183] {
                self.push(&format!(
                    "<recv response=\"{optional}\" optional=\"true\"/>"
                ));
            }
        }
        self.push(&format!("<recv response=\"{status}\" rrs=\"true\"/>"));
        self
    }

    /// Waits for this response to something other than INVITE.
    #[must_use]
    pub fn expect_plain(mut self, status: u16) -> Self {
        self.push(&format!("<recv response=\"{status}\"/>"));
        self
    }

    /// Acknowledges a 200.
    #[must_use]
    pub fn ack(self) -> Self {
        self.send("ACK [next_url] SIP/2.0", "[last_To:]", "ACK", None, "")
    }

    /// Acknowledges a refusal.
    #[must_use]
    pub fn ack_refusal(mut self) -> Self {
        self.raw_send(
            "ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0\n\
             [last_Via:]\n[last_From:]\n[last_To:]\nCall-ID: [call_id]\nCSeq: 1 ACK\n\
             Max-Forwards: 70\nContent-Length: 0\n\n",
            "",
        );
        self
    }

    /// Waits.
    #[must_use]
    pub fn pause(mut self, millis: u64) -> Self {
        self.push(&format!("<pause milliseconds=\"{millis}\"/>"));
        self
    }

    /// Hangs up and waits for the answer.
    #[must_use]
    pub fn bye(mut self) -> Self {
        if self.calls {
            self.cseq += 1;
            self.send(
                "BYE [next_url] SIP/2.0",
                "[last_To:]",
                "BYE",
                None,
                " retrans=\"500\"",
            )
        } else {
            self.in_callees_dialog("BYE", "")
        }
        .expect_plain(200)
    }

    /// Puts the other side on hold, or ends it, with a re-INVITE.
    #[must_use]
    pub fn reinvite(mut self, direction: &str) -> Self {
        let sdp = format!("{SDP}a={direction}\n");
        if self.calls {
            self.cseq += 1;
            let again = " retrans=\"500\"";
            self.send(
                "INVITE [next_url] SIP/2.0",
                "[last_To:]",
                "INVITE",
                Some(&sdp),
                again,
            )
            .expect(200)
            .ack()
        } else {
            self.in_callees_dialog("INVITE", &sdp)
                .expect(200)
                .in_callees_dialog("ACK", "")
        }
    }

    /// Waits for a request and answers it with 200.
    #[must_use]
    pub fn receive(mut self, method: &str) -> Self {
        self.push(&format!("<recv request=\"{method}\"/>"));
        self.respond_headers(200, "", "");
        self
    }

    /// Waits for INVITE; remembers what is needed to send requests in the dialog.
    #[must_use]
    pub fn ring(mut self) -> Self {
        self.push(
            "<recv request=\"INVITE\" crlf=\"true\"><action>\
             <ereg regexp=\".*\" search_in=\"hdr\" header=\"From:\" assign_to=\"1\"/>\
             <ereg regexp=\"sip:[^>]*\" search_in=\"hdr\" header=\"Contact:\" assign_to=\"2\"/>\
             <ereg regexp=\".*\" search_in=\"hdr\" header=\"To:\" assign_to=\"3\"/>\
             </action></recv>\n<Reference variables=\"1,2,3\"/>",
        );
        self
    }

    /// The INVITE must come from this number.
    #[must_use]
    pub fn expect_from(mut self, number: &str) -> Self {
        let plain = "search_in=\"hdr\" header=\"From:\" assign_to=\"1\"/>";
        let strict = format!(
            "{plain}<ereg regexp=\"sip:{number}@\" search_in=\"hdr\" header=\"From:\" \
             check_it=\"true\" assign_to=\"4\"/>"
        );
        self.steps = self
            .steps
            .replace(plain, &strict)
            .replace("\"1,2,3\"", "\"1,2,3,4\"");
        self
    }

    /// Answers the INVITE provisionally or refuses it.
    #[must_use]
    pub fn respond(mut self, status: u16) -> Self {
        self.respond_headers(status, "", "");
        self
    }

    /// Hands the other side of the call that came on to somebody (REFER), and is told that this has begun.
    #[must_use]
    pub fn refer(mut self, to: &str) -> Self {
        self.cseq += 1;
        let seq = self.cseq;
        self.raw_send(
            &format!(
                "REFER [$2] SIP/2.0\n\
                 Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n\
                 From:[$3];tag=[pid]SIPpTag01[call_number]\nTo:[$1]\nCall-ID: [call_id]\n\
                 CSeq: {seq} REFER\nContact: <sip:[local_ip]:[local_port]>\n\
                 Refer-To: <{to}>\nMax-Forwards: 70\nContent-Length: 0\n\n"
            ),
            " retrans=\"500\"",
        );
        self.expect_plain(202).receive_inside("NOTIFY")
    }

    /// Waits for a request within the dialog, whose tags are known, and answers it with 200.
    #[must_use]
    pub fn receive_inside(mut self, method: &str) -> Self {
        self.push(&format!("<recv request=\"{method}\"/>"));
        self.raw_send(
            "SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n\
             Content-Length: 0\n\n",
            "",
        );
        self
    }

    /// Sends INVITE and proves itself by digest; waits until it is answered.
    #[must_use]
    pub fn invite_with_proof(self, password: &str) -> Self {
        let mut asked = self.invite();
        asked.push("<recv response=\"100\" optional=\"true\"/>");
        asked.push("<recv response=\"401\" auth=\"true\"/>");
        let mut proven = asked.ack_refusal();
        proven.cseq = 2;
        proven.raw_send(
            &format!(
                "INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0\n\
                 Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n\
                 From: <sip:[caller]@[local_ip]:[local_port]>;tag=[pid]T[call_number]\n\
                 To: <sip:[service]@[remote_ip]:[remote_port]>\nCall-ID: [call_id]\n\
                 CSeq: 2 INVITE\nContact: <sip:caller@[local_ip]:[local_port]>\n\
                 [authentication username=[caller] password={password}]\nMax-Forwards: 70\n\
                 Content-Type: application/sdp\nContent-Length: [len]\n\n{SDP}"
            ),
            " retrans=\"500\"",
        );
        proven.expect(200)
    }

    /// Answers the INVITE with 200 and waits for ACK.
    #[must_use]
    pub fn answer(self) -> Self {
        self.answer_without_ack().wait("ACK")
    }

    /// Answers the INVITE with 200.
    #[must_use]
    pub fn answer_without_ack(mut self) -> Self {
        let contact = "Contact: <sip:[local_ip]:[local_port];transport=[transport]>\n";
        self.respond_headers(200, contact, SDP);
        self
    }

    /// Waits for a request without answering it.
    #[must_use]
    pub fn wait(mut self, method: &str) -> Self {
        self.push(&format!("<recv request=\"{method}\"/>"));
        self
    }

    /// Waits for CANCEL, answers it, refuses the INVITE with 487 and waits for its ACK.
    #[must_use]
    pub fn be_cancelled(mut self) -> Self {
        self.push("<recv request=\"CANCEL\"/>");
        self.respond_headers(200, "", "");
        self.raw_send(
            "SIP/2.0 487 Request Terminated\n[last_Via:]\n[last_From:]\n\
             To:[$3];tag=[pid]SIPpTag01[call_number]\nCall-ID: [call_id]\nCSeq: 1 INVITE\n\
             Content-Length: 0\n\n",
            "",
        );
        self.wait("ACK")
    }

    fn respond_headers(&mut self, status: u16, headers: &str, body: &str) {
        let content = if body.is_empty() {
            "Content-Length: 0\n\n".to_owned()
        } else {
            format!("Content-Type: application/sdp\nContent-Length: [len]\n\n{body}")
        };
        let tag = if self.steps.contains("request=\"BYE\"") || self.calls {
            ""
        } else {
            ";tag=[pid]SIPpTag01[call_number]"
        };
        self.raw_send(
            &format!(
                "SIP/2.0 {status} Reply\n[last_Via:]\n[last_From:]\n[last_To:]{tag}\n\
                 [last_Call-ID:]\n[last_CSeq:]\n{headers}{content}"
            ),
            "",
        );
    }

    fn in_callees_dialog(mut self, method: &str, body: &str) -> Self {
        let seq = if method == "ACK" {
            self.cseq
        } else {
            self.cseq + 1
        };
        self.cseq = seq;
        let content = if body.is_empty() {
            "Content-Length: 0\n\n".to_owned()
        } else {
            format!("Content-Type: application/sdp\nContent-Length: [len]\n\n{body}")
        };
        let again = if method == "ACK" {
            ""
        } else {
            " retrans=\"500\""
        };
        self.raw_send(
            &format!(
                "{method} [$2] SIP/2.0\n\
                 Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n\
                 From:[$3];tag=[pid]SIPpTag01[call_number]\nTo:[$1]\nCall-ID: [call_id]\n\
                 CSeq: {seq} {method}\nContact: <sip:[local_ip]:[local_port]>\n\
                 Max-Forwards: 70\n{content}"
            ),
            again,
        );
        self
    }

    fn send(
        mut self,
        start: &str,
        to: &str,
        method: &str,
        body: Option<&str>,
        attributes: &str,
    ) -> Self {
        let content = match body {
            Some(body) => {
                format!("Content-Type: application/sdp\nContent-Length: [len]\n\n{body}")
            }
            None => "Content-Length: 0\n\n".to_owned(),
        };
        let seq = self.cseq;
        self.raw_send(
            &format!(
                "{start}\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n\
                 From: <sip:[caller]@[local_ip]:[local_port]>;tag=[pid]T[call_number]\n{to}\n\
                 Call-ID: [call_id]\nCSeq: {seq} {method}\n\
                 Contact: <sip:caller@[local_ip]:[local_port]>\nMax-Forwards: 70\n{content}"
            ),
            attributes,
        );
        self
    }

    fn raw_send(&mut self, text: &str, attributes: &str) {
        self.push(&format!("<send{attributes}><![CDATA[\n{text}]]></send>"));
    }

    fn push(&mut self, step: &str) {
        self.steps.push_str(step);
        self.steps.push('\n');
    }

    fn xml(&self, caller: &str) -> String {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n");
        let steps = self.steps.replace("[caller]", caller);
        // Writing to a string cannot fail.
        let _infallible = write!(xml, "<scenario name=\"test\">\n{steps}</scenario>\n");
        xml
    }

    /// Starts SIPp with this scenario.
    pub fn start(&self, run: &Run) -> anyhow::Result<Sipp> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("scenario.xml");
        std::fs::write(&file, self.xml(&run.caller))?;
        let mut command = Command::new("sipp");
        if let Some(desk) = run.desk {
            command.arg(desk.to_string()).args(["-s", &run.dial]);
        }
        command
            .arg("-sf")
            .arg(&file)
            .args(["-i", &run.address.to_string()])
            .args(["-p", &run.port.to_string()])
            .args(["-m", &run.calls.to_string(), "-r", &run.rate.to_string()])
            .args(["-l", "5000", "-nostdin", "-trace_err"])
            .args([
                "-error_file",
                &folder.path().join("errors.log").to_string_lossy(),
            ])
            .args([
                "-timeout",
                &run.timeout.as_secs().to_string(),
                "-timeout_error",
            ])
            .args(["-mp", &run.media_port.to_string()])
            .args(&run.more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let child = command
            .spawn()
            .context("sipp (Debian package sip-tester) did not start")?;
        Ok(Sipp { child, folder })
    }
}

/// How a scenario is run.
#[derive(Debug, Clone)]
pub struct Run {
    /// Whom to call; `None` for parties that wait.
    pub desk: Option<SocketAddr>,
    /// The number to dial.
    pub dial: String,
    /// The number to call from.
    pub caller: String,
    /// The local address.
    pub address: IpAddr,
    /// The local port.
    pub port: u16,
    /// The local media port.
    pub media_port: u16,
    /// How many calls in all.
    pub calls: u32,
    /// How many a second.
    pub rate: u32,
    /// When to give up.
    pub timeout: Duration,
    /// More arguments.
    pub more: Vec<String>,
}

impl Run {
    /// One call to `dial` at `desk`.
    pub fn call(desk: SocketAddr, dial: &str) -> Self {
        Self {
            desk: Some(desk),
            dial: dial.to_owned(),
            caller: "0312345678".to_owned(),
            address: IpAddr::from([127, 0, 0, 1]),
            port: crate::free_port(),
            media_port: crate::free_port(),
            calls: 1,
            rate: 10,
            timeout: Duration::from_secs(40),
            more: Vec::new(),
        }
    }

    /// Waits for one call on `port`.
    pub fn wait(port: u16) -> Self {
        Self {
            desk: None,
            port,
            ..Self::call(SocketAddr::from(([127, 0, 0, 1], 0)), "")
        }
    }

    /// Speaks from this local address.
    #[must_use]
    pub fn from_address(mut self, address: IpAddr) -> Self {
        self.address = address;
        self
    }

    /// So many calls in all, so many a second.
    #[must_use]
    pub fn times(mut self, calls: u32, rate: u32) -> Self {
        self.calls = calls;
        self.rate = rate;
        self
    }
}

/// A running SIPp.
pub struct Sipp {
    child: Child,
    folder: tempfile::TempDir,
}

impl Sipp {
    /// Waits for the end; an error tells what did not go as the scenario says.
    pub async fn succeed(mut self) -> anyhow::Result<()> {
        let status = self.child.wait().await?;
        if status.success() {
            return Ok(());
        }
        let errors: PathBuf = self.folder.path().join("errors.log");
        let errors = std::fs::read_to_string(errors).unwrap_or_default();
        bail!(
            "sipp ended with {status}:\n{}",
            errors.chars().take(4_000).collect::<String>()
        )
    }

    /// Waits for the end, whatever went wrong on the way.
    pub async fn finish(mut self) -> anyhow::Result<()> {
        self.child.wait().await?;
        Ok(())
    }

    /// Ends it at once, as a phone that loses power.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await?;
        Ok(())
    }
}
