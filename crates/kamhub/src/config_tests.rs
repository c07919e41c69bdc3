use super::*;

fn load(
    toml: &str,
    environment: &[(&str, &str)],
    flags: &[(&'static str, &str)],
) -> Result<Config> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("kamhub.toml");
    std::fs::write(&file, toml).unwrap();
    let flags = Flags {
        file: Some(file),
        values: flags.iter().map(|(key, value)| (*key, "--flag", (*value).to_owned())).collect(),
    };
    Config::load(&flags, environment.iter().map(|(name, value)| (name.into(), value.into())))
}

fn fault(toml: &str, environment: &[(&str, &str)]) -> String {
    format!("{:#}", load(toml, environment, &[]).err().unwrap())
}

#[test]
fn flags_win_over_the_environment_and_the_environment_over_the_file() {
    let port = |toml, environment, flags| load(toml, environment, flags).unwrap().port;
    assert_eq!(port("", &[], &[]), 3000);
    assert_eq!(port("port = 1", &[], &[]), 1);
    assert_eq!(port("port = 1", &[("PORT", "2")], &[]), 2);
    assert_eq!(port("port = 1", &[("PORT", "2")], &[("port", "3")]), 3);
    assert_eq!(port("port = 1", &[("PORT", "")], &[]), 1, "an empty variable sets nothing");
}

#[test]
fn an_unknown_key_is_an_error_that_names_the_nearest_known_one() {
    let text = fault("databse_url = 'x'", &[]);
    assert!(text.contains("unknown key databse_url; did you mean database_url?"), "{text}");
}

#[test]
fn a_wrong_value_names_its_place_and_what_is_allowed() {
    let text = fault("", &[("PORT", "many")]);
    assert_eq!(text, "PORT must be a number from 0 to 65535, not \"many\"");
    let text = fault("log_format = 'xml'", &[]);
    assert!(text.contains("log_format in "), "{text}");
    assert!(text.ends_with("must be text or json, not \"xml\""), "{text}");
    let text = fault("port = \n", &[]);
    assert!(text.contains("line 1"), "{text}");
    let text = fault("", &[("CORS_ORIGINS", "https://a.example,*")]);
    assert!(text.contains("CORS_ORIGINS must be origins"), "{text}");
}

#[test]
fn a_short_secret_is_refused_and_not_shown() {
    let text = fault("", &[("JWT_SECRET", "hunter2")]);
    assert!(text.contains("JWT_SECRET must be at least 32 bytes long"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn a_password_of_digits_stays_text() {
    let config = load("", &[("KAMHUB_ADMIN_PASSWORD", "0012345678")], &[]).unwrap();
    assert_eq!(config.admin_password.as_deref(), Some("0012345678"));
}

#[test]
fn lists_are_written_as_lists_or_with_commas() {
    let wanted = ["https://a.example", "https://b.example"];
    let toml = load("cors_origins = ['https://a.example', 'https://b.example']", &[], &[]).unwrap();
    assert_eq!(toml.settings.cors_origins, wanted);
    let variable = load("", &[("CORS_ORIGINS", "https://a.example, https://b.example")], &[]);
    assert_eq!(variable.unwrap().settings.cors_origins, wanted);
}

#[test]
fn the_example_lists_every_key_at_its_default_and_parses_when_all_are_set() {
    let example = include_str!("../../../kamhub.example.toml");
    assert!(load(example, &[], &[]).is_ok());
    for (key, variable) in KEYS {
        let line = format!("#{key} = ");
        assert_eq!(
            example.lines().filter(|text| text.starts_with(&line)).count(),
            1,
            "kamhub.example.toml lists {key} once, as a comment with its default"
        );
        assert!(example.contains(variable), "kamhub.example.toml names the variable {variable}");
    }
    let set: String = example
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| rest.contains(" = ")).unwrap_or(line))
        .filter(|line| line.contains(" = ") && !line.starts_with(' '))
        .map(|line| format!("{line}\n"))
        .collect();
    let logo = concat!(env!("CARGO_MANIFEST_DIR"), "/../helpdesk/assets/help_centre/icon.svg");
    let config = load(&set, &[("KAMHUB_BRAND_LOGO", logo)], &[]).unwrap();
    assert_eq!(config.port, 3000);
}

#[test]
fn a_mail_server_needs_a_sender_and_its_password_is_never_shown() {
    let fault = |variables: &[(&str, &str)]| load("", variables, &[]).err().unwrap().to_string();
    let server = ("SMTP_URL", "smtp://desk:geheim@mail.example.com");
    assert!(fault(&[server]).contains("MAIL_FROM is missing"));
    let told = fault(&[
        ("SMTP_URL", "smtp://desk:geheim@mail.example.com:x"),
        ("MAIL_FROM", "a@b.example"),
    ]);
    assert!(told.starts_with("SMTP_URL must be an address") && !told.contains("geheim"), "{told}");
    let config = load("", &[server, ("MAIL_FROM", "Desk <desk@example.com>")], &[]).unwrap();
    assert!(!format!("{:?}", config.settings).contains("geheim"));
}
