//! Hostile files of somebody who may bring files: pages under the head of a picture, macros under
//! other names, archives that unfold to the memory, forms without an end.

use std::io::{Cursor, Write as _};

use anyhow::{Context, ensure};
use futures::future::join_all;
use madoguchi_tests::desk::Setup;
use madoguchi_tests::process::DeskProcess;
use madoguchi_tests::siege::siege;
use reqwest::{Client, StatusCode, header};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::visitors::{answer, attacker, client, token, user};

type Outcome = anyhow::Result<()>;

/// What the desk may hold at once of all that is brought, in KiB.
const HELD_KIB: u64 = 300 * 1_024;
const MIB: usize = 1 << 20;
const PAGE: &str = "<HTA:APPLICATION id=a><script>evil()</script>";

/// A file by its name.
type File = (&'static str, Vec<u8>);

/// An archive of these parts.
fn archive(parts: &[(&str, &[u8])]) -> anyhow::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        archive.start_file(*name, SimpleFileOptions::default())?;
        archive.write_all(content)?;
    }
    Ok(archive.finish()?.into_inner())
}

const TYPES: &str = "<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
    <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
    <Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>";

/// A document of Word with more parts.
fn docx(more: &[(&str, &[u8])]) -> anyhow::Result<Vec<u8>> {
    let own: [(&str, &[u8]); 3] = [
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("_rels/.rels", b"<Relationships/>"),
        ("word/document.xml", b"<w:document><w:body/></w:document>"),
    ];
    archive(&[&own[..], more].concat())
}

/// A document with one part that unfolds to so many mebibytes.
fn bomb(mebibytes: usize) -> anyhow::Result<Vec<u8>> {
    let mut archive = ZipWriter::new_append(Cursor::new(docx(&[])?))?;
    archive.start_file("word/media.xml", SimpleFileOptions::default())?;
    let spaces = vec![b' '; MIB];
    for _ in 0..mebibytes {
        archive.write_all(&spaces)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// An archive whose list names its largest part again and again.
fn overlapping() -> anyhow::Result<Vec<u8>> {
    const AGAIN: u16 = 2_000;
    let file = bomb(5)?;
    let end = file.len().checked_sub(22).context("an end")?;
    let (rest, end) = file.split_at_checked(end).context("an end")?;
    let last = rest.windows(4).rposition(|four| four == b"PK\x01\x02");
    let last = rest.get(last.context("a list")?..).unwrap_or_default();
    let mut whole = rest.to_vec();
    for _ in 0..AGAIN {
        whole.extend_from_slice(last);
    }
    // Numbers of entries and size of the list (APPNOTE.TXT, 4.3.16).
    let count = (AGAIN + 4).to_le_bytes();
    let size = end.get(12..16).context("a size")?;
    let size = u32::from_le_bytes(size.try_into()?);
    let size = size + u32::from(AGAIN) * u32::try_from(last.len())?;
    whole.extend_from_slice(end.get(..8).context("a head")?);
    whole.extend_from_slice(&[count, count].concat());
    whole.extend_from_slice(&size.to_le_bytes());
    whole.extend_from_slice(end.get(16..).context("a tail")?);
    Ok(whole)
}

/// Files for an article that are more, or else, than they say.
fn files(bomb: &[u8]) -> anyhow::Result<Vec<File>> {
    let macros = docx(&[("word/vBaPrOjEcT.BiN", b"x")])?;
    let names: Vec<String> = (0..20_000).map(|n| format!("word/{n}.xml")).collect();
    let mut many: Vec<(&str, &[u8])> = Vec::new();
    many.extend(names.iter().map(|name| (name.as_str(), &b""[..])));
    let template = "<Relationships><Relationship Id=\"r\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate\" \
                    Target=\"http://evil.example/a.dotm\" TargetMode=\"External\"/></Relationships>";
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0";
    let after = |head: &[u8]| [head, PAGE.as_bytes()].concat();
    Ok(vec![
        ("evil.pdf", after(b"%PDF-1.7\n")),
        ("evil.gif", b"GIF89a/*\0\0*/=1;evil()//".to_vec()),
        ("evil.png", after(png)),
        ("evil.jpg", after(b"\xff\xd8\xff\xe0")),
        ("evil.webp", after(b"RIFF\x12\0\0\0WEBPVP8L")),
        ("evil.txt", b"MZ\x90\0\x03".to_vec()),
        ("evil.html", PAGE.into()),
        ("evil.svg", b"<svg onload=evil()>".to_vec()),
        ("evil.docx", after(&docx(&[])?)),
        ("evil.docx", [PAGE.as_bytes(), &docx(&[])?].concat()),
        ("evil.docm", docx(&[])?),
        ("evil.docx", docx(&[("word/embeddings/a.docx", &macros)])?),
        ("evil.docx", macros),
        ("evil.docx", docx(&[("../../evil.exe", b"x")])?),
        (
            "evil.docx",
            docx(&[("word/_rels/settings.xml.rels", template.as_bytes())])?,
        ),
        ("evil.docx", archive(&[("evil.exe", b"MZ")])?),
        ("evil.docx", docx(&many)?),
        ("evil.docx", bomb.to_vec()),
        ("evil.docx", overlapping()?),
        (
            "evil.pdf",
            [&b"%PDF-1.4\n"[..], &b"<".repeat(9 * MIB)].concat(),
        ),
        (
            "evil.pdf",
            [&b"%PDF-1.4\n"[..], &b"1 0 obj\n".repeat(MIB)].concat(),
        ),
        (
            "evil.gif",
            [
                &b"GIF89a\x01\0\x01\0\0\0\0"[..],
                &b"\x21\xfe\0".repeat(3 * MIB),
            ]
            .concat(),
        ),
        (
            "evil.jpg",
            [&b"\xff\xd8"[..], &b"\xff\xe0\0\x02".repeat(2 * MIB)].concat(),
        ),
    ])
}

const CONTENT: &str = "xl/worksheets/sheet1.xml";

/// A workbook with this sheet and these texts, which unfold to far more than they are.
fn book(sheet: &str, texts: &str) -> anyhow::Result<Vec<u8>> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let kind = |part: &str, kind: &str| {
        format!(
            "<Override PartName=\"/xl/{part}.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml\"/>"
        )
    };
    let types = format!(
        "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">{}{}{}</Types>",
        kind("workbook", "sheet.main"),
        kind("worksheets/sheet1", "worksheet"),
        kind("sharedStrings", "sharedStrings"),
    );
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>")
    };
    let relations = |inner: &str| {
        format!(
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{inner}</Relationships>"
        )
    };
    let workbook = format!(
        "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
    );
    let parts = relation("r1", "worksheet", "worksheets/sheet1.xml")
        + &relation("r2", "sharedStrings", "sharedStrings.xml");
    let texts = format!("<sst xmlns=\"{MAIN}\">{texts}</sst>");
    let sheet = format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{sheet}</sheetData></worksheet>");
    archive(&[
        ("[Content_Types].xml", types.as_bytes()),
        (
            "_rels/.rels",
            relations(&relation("r0", "officeDocument", "xl/workbook.xml")).as_bytes(),
        ),
        ("xl/workbook.xml", workbook.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations(&parts).as_bytes()),
        ("xl/sharedStrings.xml", texts.as_bytes()),
        (CONTENT, sheet.as_bytes()),
    ])
}

/// The first row of a workbook of articles.
fn heads() -> String {
    let head = |place: &str, text: &str| {
        format!("<c r=\"{place}1\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
    };
    format!(
        "<row r=\"1\">{}{}</row>",
        head("A", "質問"),
        head("B", "回答")
    )
}

/// Workbooks for the import of articles; each unfolds to some 8 MB, or to more than is read.
fn books(bomb: &[u8]) -> anyhow::Result<Vec<File>> {
    let cell = |text: &str| {
        format!("<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>{text}</t></is></c></row>")
    };
    let text = "x".repeat(8 * MIB);
    let shared = "<si><t>x</t></si>".repeat(400_000);
    let row = format!(
        "<row r=\"2\">{}</row>",
        "<c r=\"ZZ2\"><v>1</v></c>".repeat(250_000)
    );
    let same = format!(
        "<row r=\"2\">{}</row>",
        "<c r=\"A2\"><v>1</v></c>".repeat(250_000)
    );
    let names: Vec<String> = (0..1_000)
        .map(|row| {
            format!(
                "<row r=\"{0}\"><c r=\"A{0}\" t=\"s\"><v>0</v></c></row>",
                row + 2
            )
        })
        .collect();
    // Each row names the same text of 40 kB, which is 40 MB in all.
    let long = format!("<si><t>{}</t></si>", "x".repeat(40_000));
    let entities = "<!DOCTYPE a [<!ENTITY a \"xxxxxxxxxx\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\
                    <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">]>";
    Ok(vec![
        ("evil.xlsx", book(&(heads() + &cell(&text)), "")?),
        ("evil.xlsx", book(&heads(), &shared)?),
        ("evil.xlsx", book(&(heads() + &row), "")?),
        ("evil.xlsx", book(&(heads() + &same), "")?),
        ("evil.xlsx", book(&(heads() + &names.concat()), &long)?),
        (
            "evil.xlsx",
            book(&(heads() + entities + &cell("&d;&d;&d;")), "")?,
        ),
        (
            "evil.xlsx",
            book(
                "<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>",
                "",
            )?,
        ),
        ("evil.xlsx", bomb.to_vec()),
        ("evil.jsonl", b"{\"id\":".repeat(2 * MIB - 400_000)),
        (
            "evil.jsonl",
            [&b"{\"id\":\"a\",\"question\":"[..], &b"[".repeat(9 * MIB)].concat(),
        ),
        ("evil.jsonl", b"{}\n".repeat(3 * MIB)),
    ])
}

/// Recordings that are none, or would be far longer than they are.
fn recordings() -> Vec<File> {
    let wav = |channels: u16, rate: u32, bits: u16, said: u32, data: usize| {
        let bytes = rate
            .wrapping_mul(u32::from(channels))
            .wrapping_mul(u32::from(bits) / 8);
        let mut wav = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0".to_vec();
        wav.extend_from_slice(&channels.to_le_bytes());
        wav.extend_from_slice(&rate.to_le_bytes());
        wav.extend_from_slice(&bytes.to_le_bytes());
        wav.extend_from_slice(&(channels.wrapping_mul(bits / 8)).to_le_bytes());
        wav.extend_from_slice(&bits.to_le_bytes());
        wav.extend_from_slice(b"data");
        wav.extend_from_slice(&said.to_le_bytes());
        wav.resize(wav.len() + data, 0x22);
        wav
    };
    vec![
        ("evil.wav", wav(1, 1, 16, 9 * MIB as u32, 9 * MIB)),
        ("evil.wav", wav(0, 8_000, 16, 16_000, 16_000)),
        ("evil.wav", wav(1, 0, 16, 16_000, 16_000)),
        ("evil.wav", wav(65_535, u32::MAX, 16, u32::MAX, 16_000)),
        ("evil.wav", wav(1, 8_000, 0, 16_000, 16_000)),
        ("evil.wav", wav(1, 8_000, 16, 9 * MIB as u32, 9 * MIB)),
        (
            "evil.wav",
            [
                &b"RIFF\xff\xff\xff\xffWAVE"[..],
                &b"junk\0\0\0\0".repeat(MIB),
            ]
            .concat(),
        ),
        ("evil.wav", PAGE.into()),
    ]
}

/// The body of a form with a file.
fn form(name: &str, revision: &str, file: &[u8]) -> Vec<u8> {
    let head = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"revision\"\r\n\r\n{revision}\r\n--edge\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    [head.as_bytes(), file, b"\r\n--edge--\r\n"].concat()
}

/// Forms that have no end, or are nothing but beginnings.
fn forms() -> Vec<Vec<u8>> {
    let part = "--edge\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n";
    let large = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{}\r\n",
        "x".repeat(MIB)
    );
    let opened =
        "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"evil.png\"\r\n";
    vec![
        part.repeat(150_000).into_bytes(),
        large.repeat(11).into_bytes(),
        large.repeat(40).into_bytes(),
        format!("{opened}X: {}", "x".repeat(11 * MIB)).into_bytes(),
        format!("{opened}{}", "X: y\r\n".repeat(1_500_000)).into_bytes(),
        format!("{opened}\r\n{}", "\r\n--edg".repeat(MIB)).into_bytes(),
        "--edge\r\n".repeat(MIB).into_bytes(),
        format!(
            "--edge\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n",
            "x".repeat(11 * MIB)
        )
        .into_bytes(),
    ]
}

/// Somebody who may bring files.
struct Bringer {
    client: Client,
    base: String,
    token: String,
}

impl Bringer {
    async fn send(&self, path: &str, body: Vec<u8>) -> anyhow::Result<(StatusCode, String)> {
        let request = self
            .client
            .post(format!("{}{path}", self.base))
            .bearer_auth(&self.token)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge")
            .body(body);
        let (status, _, text) = answer(request).await?;
        Ok((status, text))
    }

    async fn page(&self, path: &str) -> anyhow::Result<String> {
        let request = self.client.get(format!("{}{path}", self.base));
        let (status, _, text) = answer(request.bearer_auth(&self.token)).await?;
        ensure!(status == StatusCode::OK, "{path}: {status}");
        Ok(text)
    }

    /// Writes an article; its address.
    async fn article(&self) -> anyhow::Result<String> {
        let request = self
            .client
            .post(format!("{}/articles/new", self.base))
            .bearer_auth(&self.token)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body("question=Q&answer=A&category=f03&audience=desk");
        let (status, place, text) = answer(request).await?;
        ensure!(status == StatusCode::SEE_OTHER, "{status} {text}");
        Ok(place.split('?').next().unwrap_or_default().to_owned())
    }

    /// Brings files to a page, of which none is taken.
    async fn refused(&self, path: &str, files: &[File]) -> Outcome {
        for (n, (name, file)) in files.iter().enumerate() {
            let sent = self.send(path, form(name, "0", file)).await;
            let (status, text) = sent.with_context(|| format!("{path} {n} {name}"))?;
            // The import tells what is wrong with a file on its own page.
            let told = path == "/articles/import"
                && status == StatusCode::OK
                && text.contains("取り込めません");
            ensure!(
                told || status.is_client_error(),
                "{path} {n} {name}: {status}"
            );
        }
        Ok(())
    }
}

/// A picture as it should be.
fn picture() -> Vec<u8> {
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        let length = (data.len() as u32).to_be_bytes();
        [&length[..], kind, data, b"\0\0\0\0"].concat()
    };
    [
        &b"\x89PNG\r\n\x1a\n"[..],
        &chunk(b"IHDR", b"\0\0\0\x01\0\0\0\x01\x08\0\0\0\0"),
        &chunk(b"IDAT", b"\x78\x9c\x62\x00\x00\x00\x02\x00\x01"),
        &chunk(b"IEND", b""),
    ]
    .concat()
}

/// The most that the desk holds while something is done, beyond what it held before.
async fn most_held(desk: &DeskProcess, done: impl Future<Output = Outcome>) -> anyhow::Result<u64> {
    let before_kib = desk.own_kib()?;
    let mut most_kib = 0;
    tokio::pin!(done);
    loop {
        tokio::select! {
            outcome = &mut done => break outcome?,
            () = tokio::time::sleep(std::time::Duration::from_millis(20)) => {
                most_kib = most_kib.max(desk.own_kib()?.saturating_sub(before_kib));
            }
        }
    }
    Ok(most_kib)
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_files_are_refused_and_hold_neither_memory_nor_calls() -> Outcome {
    // Made before: the attacker's own work is no load of the desk's.
    let bomb = bomb(100)?;
    let (files, books) = (files(&bomb)?, books(&bomb)?);
    let (recordings, forms) = (recordings(), forms());
    siege(Setup::default(), 25, async |desk| {
        user(desk, "henshu", "faq_editor").await?;
        let base = format!("http://{}", desk.web);
        let bringer = async |n, login: &str, scope: &str| {
            anyhow::Ok(Bringer {
                client: client(attacker(n))?,
                base: base.clone(),
                token: token(desk, login, scope).await?,
            })
        };
        let editor = bringer(1, "henshu", "edit_articles").await?;
        let speaker = bringer(2, "robot", "desk").await?;
        let article = editor.article().await?;
        let to_article = format!("{article}/files");
        let brought = async {
            tokio::try_join!(
                editor.refused(&to_article, &files),
                editor.refused("/articles/import", &books),
                speaker.refused("/admin/announcements/*/greeting", &recordings),
            )?;
            for (n, form) in forms.iter().enumerate() {
                let sent = editor.send(&to_article, form.clone()).await;
                let (status, text) = sent.with_context(|| format!("form {n}"))?;
                ensure!(status.is_client_error(), "{status} {text}");
            }
            // More at once than one user may bring.
            let at_once = (0..10).map(|_| editor.send(&to_article, form("evil.docx", "0", &bomb)));
            for answer in join_all(at_once).await {
                // Who is turned away at the door may not come to the end of sending.
                let status = answer.map_or(StatusCode::TOO_MANY_REQUESTS, |(status, _)| status);
                ensure!(status.is_client_error(), "{status}");
            }
            Ok(())
        };
        let held_kib = most_held(desk, brought).await?;
        ensure!(held_kib < HELD_KIB, "{held_kib} KiB were held");
        let page = editor.page(&article).await?;
        ensure!(!page.contains("evil"), "{page}");
        ensure!(!editor.page("/articles").await?.contains("evil"));
        // What is harmless is taken.
        let revision = page.split("name=\"revision\" value=\"").nth(1);
        let revision = revision.and_then(|rest| rest.split('"').next());
        let body = form("good.png", revision.context("a revision")?, &picture());
        let (status, text) = editor.send(&to_article, body).await?;
        ensure!(status == StatusCode::SEE_OTHER, "{status} {text}");
        ensure!(editor.page(&article).await?.contains("good.png"));
        Ok(())
    })
    .await?;
    Ok(())
}
