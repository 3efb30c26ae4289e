//! Attacks on the door of the pages while honest calls go on: idle and slow connections, answers
//! that nobody reads, boards without end, files that never come whole.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_tests::certificate::Certificate;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::siege::{STRANGER, siege};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, timeout};

type Outcome = anyhow::Result<()>;

/// A page is answered so soon, whatever else goes on.
const SOON: Duration = Duration::from_secs(2);

async fn connect(from: IpAddr, to: SocketAddr) -> anyhow::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from, 0))?;
    Ok(socket.connect(to).await?)
}

/// The head of an answer to what is sent, for somebody at this address.
pub(crate) async fn answered(
    from: IpAddr,
    to: SocketAddr,
    request: &str,
) -> anyhow::Result<String> {
    let asked = async {
        let mut stream = connect(from, to).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut head = vec![0; 1_024];
        let read = stream.read(&mut head).await?;
        head.truncate(read);
        anyhow::Ok(String::from_utf8_lossy(&head).into_owned())
    };
    timeout(SOON, asked).await.context("an answer comes soon")?
}

const PAGE: &str = "GET /sign-in HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Pages are there for the attacker's neighbours and, where there is room, for the attacker.
async fn pages_are_served(desk: &DeskProcess, from: &[IpAddr]) -> Outcome {
    for address in from {
        let answer = answered(*address, desk.web, PAGE).await?;
        ensure!(answer.starts_with("HTTP/1.1 200"), "{address}: {answer}");
    }
    Ok(())
}

const NEIGHBOUR: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 67));

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_shut_neither_callers_nor_visitors_out() -> Outcome {
    siege(Setup::default(), 10, async |desk| {
        let mut idle = Vec::new();
        for n in 0..4_096_u32 {
            // From one address, then from many.
            let from = if n < 2_048 {
                STRANGER
            } else {
                IpAddr::from([127, 1, 0, (n % 200 + 1) as u8])
            };
            idle.push(connect(from, desk.web).await?);
            if n % 512 == 0 {
                pages_are_served(desk, &[STRANGER, NEIGHBOUR]).await?;
            }
        }
        pages_are_served(desk, &[STRANGER, NEIGHBOUR]).await?;
        let open = desk.descriptors()?;
        ensure!(open < 2_500, "{open} descriptors are open");
        Ok(())
    })
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_heads_and_bodies_are_given_up() -> Outcome {
    siege(Setup::default(), 15, async |desk| {
        let mut slow = Vec::new();
        for n in 0..400 {
            let mut stream = connect(STRANGER, desk.web).await?;
            let beginning = if n % 2 == 0 {
                "GET /sign-in HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
            } else {
                "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\n\r\nlogin="
            };
            stream.write_all(beginning.as_bytes()).await?;
            slow.push(stream);
        }
        pages_are_served(desk, &[STRANGER, NEIGHBOUR]).await?;
        let began = Instant::now();
        // One byte a second keeps nobody's place.
        while began.elapsed() < Duration::from_secs(14) {
            for stream in &mut slow {
                let _closed = stream.write_all(b"x").await;
            }
            sleep(Duration::from_secs(1)).await;
        }
        let mut left = 0;
        for stream in &mut slow {
            let mut rest = Vec::new();
            let read = timeout(Duration::from_millis(20), stream.read_to_end(&mut rest));
            left += usize::from(read.await.is_err());
        }
        ensure!(left == 0, "{left} slow connections are still open");
        pages_are_served(desk, &[STRANGER, NEIGHBOUR]).await
    })
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads_hold_neither_memory_nor_places() -> Outcome {
    siege(Setup::default(), 10, async |desk| {
        let request = "GET /static/0/style.css HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(40);
        let mut unread = Vec::new();
        for _ in 0..100 {
            let mut stream = connect(STRANGER, desk.web).await?;
            let _filled = timeout(
                Duration::from_millis(50),
                stream.write_all(request.as_bytes()),
            )
            .await;
            unread.push(stream);
        }
        pages_are_served(desk, &[NEIGHBOUR]).await
    })
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn boards_without_end_leave_room_for_others() -> Outcome {
    let setup = Setup::default().web("streams_per_visitor = 40");
    siege(setup, 10, async |desk| {
        let request = format!(
            "GET /board/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
            desk.token()
        );
        let (mut watching, mut refused) = (Vec::new(), 0);
        for n in 0..200_u8 {
            let mut stream = connect(IpAddr::from([127, 2, 0, n + 1]), desk.web).await?;
            stream.write_all(request.as_bytes()).await?;
            let mut head = [0; 12];
            timeout(SOON, stream.read_exact(&mut head)).await??;
            match &head {
                b"HTTP/1.1 200" => watching.push(stream),
                b"HTTP/1.1 429" => refused += 1,
                other => anyhow::bail!("{}", String::from_utf8_lossy(other)),
            }
        }
        ensure!(
            watching.len() == 40 && refused == 160,
            "{refused} were refused"
        );
        pages_are_served(desk, &[NEIGHBOUR]).await
    })
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_never_come_whole_do_not_fill_the_memory() -> Outcome {
    siege(Setup::default(), 15, async |desk| {
        let make = [
            "account", "token", "robot", "--name", "bringer", "--scope", "desk",
        ];
        let token = desk.command(&make).await?;
        let head = |token: &str| {
            format!(
                "POST /admin/announcements/*/greeting HTTP/1.1\r\nHost: localhost\r\n\
                 Authorization: Bearer {token}\r\nContent-Length: 12000000\r\n\
                 Content-Type: multipart/form-data; boundary=edge\r\n\r\n--edge\r\n\
                 Content-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n"
            )
        };
        let before_kib = desk.own_kib()?;
        let megabyte = vec![b'x'; 1 << 20];
        let mut unfinished = Vec::new();
        // With a permission and without.
        for token in [token.trim(), desk.token(), "none"] {
            for _ in 0..40 {
                let mut stream = connect(STRANGER, desk.web).await?;
                stream.write_all(head(token).as_bytes()).await?;
                for _ in 0..7 {
                    let sent = timeout(Duration::from_millis(30), stream.write_all(&megabyte));
                    if !matches!(sent.await, Ok(Ok(()))) {
                        break;
                    }
                }
                unfinished.push(stream);
            }
        }
        let more_kib = desk.own_kib()?.saturating_sub(before_kib);
        ensure!(more_kib < 60 * 1_024, "{more_kib} KiB are held");
        pages_are_served(desk, &[NEIGHBOUR]).await
    })
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn half_handshakes_make_room_for_whole_ones() -> Outcome {
    let certificate = Certificate::self_signed()?;
    let folder = tempfile::tempdir()?;
    certificate.write(folder.path())?;
    let file = |name: &str| folder.path().join(name).display().to_string();
    let settings = format!(
        "certificate = \"{}\"\ncertificate_key = \"{}\"",
        file("desk.crt"),
        file("desk.key")
    );
    let desk = Setup::default().web(&settings).start().await?;
    let mut halves = Vec::new();
    for n in 0..1_000_u32 {
        let from = IpAddr::from([127, 3, (n / 200) as u8, (n % 200 + 1) as u8]);
        let mut stream = connect(from, desk.web()).await?;
        // The head of a ClientHello that never comes whole (RFC 8446, 5.1).
        stream
            .write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc")
            .await?;
        halves.push(stream);
    }
    let authority = reqwest::Certificate::from_pem(certificate.authority.as_bytes())?;
    let client = madoguchi_tests::http_client()
        .tls_certs_only([authority])
        .no_proxy()
        .build()?;
    let page = client.get(format!("https://{}/sign-in", desk.web())).send();
    let page = timeout(SOON, page).await.context("a page comes soon")??;
    ensure!(page.status().is_success(), "{page:?}");
    // Whoever has made room is gone.
    let mut gone = 0;
    for stream in &mut halves {
        let mut rest = [0; 1];
        let read = timeout(Duration::from_millis(5), stream.read(&mut rest)).await;
        gone += usize::from(read.is_ok());
    }
    ensure!(gone >= 1_000 - 256, "{gone} half handshakes made room");
    Ok(())
}
