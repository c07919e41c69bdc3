//! A real little mail server: it speaks SMTP on a loopback port, keeps what it takes, and refuses what
//! a test tells it to refuse.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    /// Takes the mail.
    Take,
    /// Answers this to RCPT TO.
    Refuse(&'static str),
    /// Takes the mail, and hangs up before it says so.
    TakeAndHangUp,
    /// Hangs up at once.
    HangUp,
}

/// A mail that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's receiver.
    pub to: String,
    /// The message as it came.
    pub raw: String,
}

impl Mail {
    /// A header, unfolded; empty where it is missing.
    pub fn header(&self, name: &str) -> String {
        let head = self.raw.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
        let start = format!("{}:", name.to_lowercase());
        head.lines()
            .find(|line| line.to_lowercase().starts_with(&start))
            .map(|line| line[start.len()..].trim().to_owned())
            .unwrap_or_default()
    }

    /// The subject, with encoded words read.
    pub fn subject(&self) -> String {
        let mut text = String::new();
        for word in self.header("subject").split(' ') {
            match word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?=")) {
                Some(word) => text.push_str(&String::from_utf8(base64(word)).unwrap()),
                None if text.is_empty() => text.push_str(word),
                None => {
                    text.push(' ');
                    text.push_str(word);
                }
            }
        }
        text
    }

    /// The plain text and the HTML, decoded.
    pub fn bodies(&self) -> (String, String) {
        let parts: Vec<&str> = self.raw.split("\r\n\r\n").skip(1).collect();
        let body = |kind: &str| {
            let at = self.raw.split("\r\n\r\n").position(|part| {
                part.contains(&format!("Content-Type: {kind}")) && !part.contains("multipart")
            });
            let whole = self.raw.split("\r\n\r\n").collect::<Vec<_>>();
            let Some(at) = at else { return String::new() };
            let text = whole[at + 1..].join("\r\n\r\n");
            quoted_printable(text.split("\r\n--=_").next().unwrap_or_default())
        };
        assert!(!parts.is_empty(), "{}", self.raw);
        (body("text/plain"), body("text/html"))
    }
}

fn quoted_printable(text: &str) -> String {
    let text = text.replace("=\r\n", "").replace("\r\n", "\n");
    let (mut bytes, raw) = (Vec::new(), text.as_bytes());
    let mut at = 0;
    while at < raw.len() {
        let hex = raw.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match (raw[at], hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'=', Some(byte)) => {
                bytes.push(byte);
                at += 3;
            }
            (byte, _) => {
                bytes.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let value = LETTERS.iter().position(|known| *known == letter).expect("base64");
        buffer = (buffer << 6) | u32::try_from(value).unwrap();
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((buffer >> bits) & 0xff).unwrap());
        }
    }
    bytes
}

/// The server.
#[derive(Clone)]
pub struct SmtpSink {
    /// Where it listens.
    pub address: SocketAddr,
    mails: Arc<Mutex<Vec<Mail>>>,
    manners: Arc<Mutex<VecDeque<Manners>>>,
}

impl SmtpSink {
    /// Starts a server that takes everything.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let sink = Self { address, mails: Arc::default(), manners: Arc::default() };
        let server = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let manners = server.manners.lock().unwrap().pop_front().unwrap_or(Manners::Take);
                let server = server.clone();
                tokio::spawn(async move { server.serve(stream, manners).await });
            }
        });
        sink
    }

    /// The address for the configuration.
    pub fn url(&self) -> String {
        format!("smtp://{}?tls=none", self.address)
    }

    /// How the next connections are treated, one after the other; then everything is taken again.
    pub fn treat(&self, manners: &[Manners]) {
        self.manners.lock().unwrap().extend(manners);
    }

    /// What was taken so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }

    /// What was taken for one address.
    pub fn mails_to(&self, address: &str) -> Vec<Mail> {
        self.mails().into_iter().filter(|mail| mail.to == address).collect()
    }

    async fn serve(&self, mut stream: TcpStream, manners: Manners) -> Option<()> {
        if manners == Manners::HangUp {
            return None;
        }
        let (read, mut write) = stream.split();
        let mut lines = BufReader::new(read).lines();
        let (mut from, mut to) = (String::new(), String::new());
        write.write_all(b"220 sink\r\n").await.ok()?;
        while let Some(line) = lines.next_line().await.ok()? {
            let command = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
            let answer = match command.as_str() {
                "EHLO" => "250-sink\r\n250 8BITMIME".to_owned(),
                "MAIL" => {
                    from = between(&line);
                    "250 ok".to_owned()
                }
                "RCPT" => match manners {
                    Manners::Refuse(answer) => answer.to_owned(),
                    _ => {
                        to = between(&line);
                        "250 ok".to_owned()
                    }
                },
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await.ok()?;
                    let mut raw = String::new();
                    loop {
                        let line = lines.next_line().await.ok()??;
                        if line == "." {
                            break;
                        }
                        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                        raw.push_str("\r\n");
                    }
                    let mail = Mail { from: from.clone(), to: to.clone(), raw };
                    self.mails.lock().unwrap().push(mail);
                    if manners == Manners::TakeAndHangUp {
                        return None;
                    }
                    "250 taken".to_owned()
                }
                "QUIT" => "221 bye".to_owned(),
                _ => "250 ok".to_owned(),
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        }
        Some(())
    }
}

fn between(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map(|(address, _)| address.to_owned()).unwrap_or_default()
}
