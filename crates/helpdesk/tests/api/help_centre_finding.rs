//! How customers find answers and their own requests.

use chrono::{Duration, TimeDelta};
use kamhub_testkit::TestApp;
use serde_json::json;

use crate::help_centre::{browser, send, token};
use crate::knowledge::{KB, at, write};
use crate::notifying::Desk;
use crate::support::create;

#[tokio::test]
async fn an_article_is_a_page_that_search_engines_and_people_can_read() {
    let app = TestApp::start().await;
    let content =
        "## First\n\nGo **there**.\n\n## Then\n\nCome back.\n\n## Last\n\n</script><b>x</b>";
    let written = json!({"title": "How to return a ticket", "content": content, "language": "en"});
    let article = write(&app, written).await;
    let slug = article["slug"].as_str().unwrap();
    let page = browser(&app).get(&format!("/en/articles/{slug}")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let canonical = format!("<link rel=\"canonical\" href=\"{}/en/articles/{slug}\">", app.base);
    for shown in ["<strong>there</strong>", "On this page", "\"@type\":\"Article\"", &canonical] {
        assert!(page.text.contains(shown), "{shown} in {}", page.text);
    }
    assert!(!page.text.contains("<b>x</b>"), "{}", page.text);
    let address = format!("/en/articles/{}", article["id"].as_str().unwrap());
    let by_id = browser(&app).get(&address).await;
    assert_eq!((by_id.status.as_u16(), by_id.header("cache-control")), (308, "no-cache"));
    assert_eq!(by_id.header("location"), format!("/en/articles/{slug}"));
    let russian = browser(&app).get(&format!("/ru/articles/{slug}")).await;
    assert!(russian.text.contains("показана на английском"), "{}", russian.text);
    assert!(russian.text.contains(&canonical), "{}", russian.text);
    let map = app.anonymous.get("/sitemap.xml").await.text;
    assert!(map.contains(&format!("{}/en/articles/{slug}</loc>", app.base)), "{map}");
    assert_eq!(browser(&app).get("/en/articles/nothing").await.status, 404);
}

#[tokio::test]
async fn no_browser_keeps_the_way_from_a_former_address() {
    let app = TestApp::start().await;
    let article = write(&app, json!({"slug": "first"})).await;
    app.admin.patch(&at(&article), json!({"slug": "second"})).await.data(200);
    let moved = browser(&app).get("/ru/articles/first").await;
    assert_eq!((moved.status.as_u16(), moved.header("location")), (308, "/ru/articles/second"));
    assert_eq!(moved.header("cache-control"), "no-cache");
    app.admin.patch(&at(&article), json!({"slug": "first"})).await.data(200);
    assert_eq!(browser(&app).get("/ru/articles/first").await.status, 200);
    let back = browser(&app).get("/ru/articles/second").await;
    assert_eq!(
        (back.header("location"), back.header("cache-control")),
        ("/ru/articles/first", "no-cache")
    );
}

#[tokio::test]
async fn the_former_address_of_a_category_leads_to_the_one_it_has() {
    let app = TestApp::start().await;
    write(&app, json!({"category": "Sea trips", "language": "en"})).await;
    let listed = app.admin.get(&format!("{KB}/categories")).await;
    let category = format!("{KB}/categories/{}", listed.data(200)[0]["id"].as_str().unwrap());
    let rename = async |name: &str| {
        app.admin.patch(&category, json!({"name": name})).await.data(200);
    };
    let page = async |name: &str| {
        let reply = browser(&app).get(&format!("/en/categories/{name}")).await;
        (reply.status.as_u16(), reply.header("location").to_owned())
    };
    let leads_to = |name: &str| (308, format!("/en/categories/{name}"));
    rename("Cruises").await;
    assert_eq!(page("Sea%20trips").await, leads_to("Cruises"));
    assert_eq!(page("sea%20TRIPS").await, leads_to("Cruises"));
    assert_eq!(page("cruises").await, leads_to("Cruises"));
    assert_eq!(page("Cruises").await.0, 200);
    rename("Sea trips").await;
    assert_eq!(page("Cruises").await, leads_to("Sea%20trips"));
    assert_eq!(page("Sea%20trips").await.0, 200);
    rename("Cruises").await;
    write(&app, json!({"category": "Sea trips", "language": "en"})).await;
    assert_eq!(page("Sea%20trips").await.0, 200);
    assert_eq!(page("nothing").await.0, 404);
}

#[tokio::test]
async fn a_search_of_the_page_that_finds_nothing_is_counted_once() {
    let app = TestApp::start().await;
    write(&app, json!({"title": "Umbrellas on board", "language": "en"})).await;
    for query in
        ["Parking", "%20parking", "parking&cursor=x", "umbrellas", "", "irina%40example.com"]
    {
        assert_eq!(
            browser(&app).get(&format!("/ru/search?q={query}")).await.status,
            200,
            "{query}"
        );
    }
    app.admin.header("accept", "text/html").get("/ru/search?q=staffonly").await;
    let misses = app.admin.get(&format!("{KB}/reports/missed-searches")).await;
    let rows = misses.data(200).as_array().unwrap().clone();
    assert_eq!(
        (rows.len(), &rows[0]["query"], &rows[0]["misses"]),
        (1, &json!("parking"), &json!(3))
    );
}

#[tokio::test]
async fn a_draft_is_nobodys_page() {
    let app = TestApp::start().await;
    let draft = write(&app, json!({"isPublished": false})).await;
    let address = format!("/ru/articles/{}", draft["slug"].as_str().unwrap());
    assert_eq!(browser(&app).get(&address).await.status, 404);
    assert!(!app.anonymous.get("/sitemap.xml").await.text.contains("/articles/"));
    app.admin.post(&format!("{}/publish", at(&draft)), json!({})).await.data(200);
    assert!(app.anonymous.get("/sitemap.xml").await.text.contains(&format!("{address}</loc>")));
}

#[tokio::test]
async fn readers_vote_by_a_form_and_say_what_was_missing() {
    let app = TestApp::start().await;
    let article = write(&app, json!({"language": "en", "title": "A ticket"})).await;
    let vote = format!("/en/articles/{}/vote", article["slug"].as_str().unwrap());
    let said = send(&browser(&app), &vote, &[("helpful", "no")]).await;
    assert_eq!(said.status, 303, "{}", said.text);
    let page = browser(&app).get(said.header("location").split('#').next().unwrap()).await;
    assert!(page.text.contains("What was missing or wrong?"), "{}", page.text);
    send(&browser(&app), &vote, &[("helpful", "no"), ("comment", "The price")]).await;
    let stats = app.admin.get(&format!("{}/stats", at(&article))).await;
    assert_eq!(stats.data(200)["unhelpfulVotes"], 1);
    assert_eq!(send(&browser(&app), &vote, &[("helpful", "perhaps")]).await.status, 400);
}

#[tokio::test]
async fn a_search_shows_what_it_found_and_leads_on_where_it_found_nothing() {
    let app = TestApp::start().await;
    write(&app, json!({})).await;
    let found = browser(&app).get("/ru/search?q=%D0%B1%D0%B8%D0%BB%D0%B5%D1%82").await;
    assert!(found.text.contains("/ru/articles/kak-vernut-bilet"), "{}", found.text);
    assert!(found.text.contains("<mark>билет</mark>"), "{}", found.text);
    let nothing = browser(&app).get("/en/search?q=%3Cscript%3Eqqq").await;
    assert!(nothing.text.contains("Nothing found"), "{}", nothing.text);
    assert!(nothing.text.contains("/en/request?subject=%3Cscript%3Eqqq"), "{}", nothing.text);
    assert!(!nothing.text.contains("<script>qqq"), "{}", nothing.text);
}

#[tokio::test]
async fn ones_requests_are_behind_a_link_that_only_the_owner_of_the_mailbox_gets() {
    let desk = Desk::start().await;
    let app = &desk.app;
    let mine = json!({"customerEmail": "irina@example.com", "subject": "Known"});
    create(&app.admin, mine).await;
    let claimed = json!({"customerEmail": "Irina@example.com", "subject": "Only claimed"});
    create(&app.anonymous, claimed).await;
    create(&app.anonymous, json!({"customerEmail": "other@example.com", "subject": "Not mine"}))
        .await;
    let before = desk.mail.mails().len();
    let mut answers = Vec::new();
    for email in ["irina@example.com", "nobody@example.com"] {
        let form = token(&browser(app).get("/en/requests").await);
        let sent = send(&browser(app), "/en/requests", &[("form", &form), ("email", email)]).await;
        answers.push((sent.status, sent.header("location").to_owned()));
    }
    assert_eq!(answers[0], answers[1]);
    desk.run().await;
    assert!(desk.mail.mails_to("nobody@example.com").is_empty());
    let mails = desk.mail.mails_to("irina@example.com");
    let (text, _) = mails.last().expect("a mail with the link").bodies();
    assert_eq!(desk.mail.mails().len(), before + 1);
    let link = text.split_whitespace().find(|word| word.contains("/my/")).expect("a link");
    let entered = browser(app).get(link.strip_prefix(&app.base).unwrap()).await;
    let page = browser(app).get(entered.header("location")).await;
    for (subject, shown) in [("Known", true), ("Only claimed", true), ("Not mine", false)] {
        assert_eq!(page.text.contains(subject), shown, "{subject} in {}", page.text);
    }
    app.clock.advance(Duration::hours(25));
    assert_eq!(browser(app).get(entered.header("location")).await.status, 401);
}

#[tokio::test]
async fn a_mailbox_is_not_flooded_with_links() {
    let desk = Desk::start().await;
    let app = &desk.app;
    create(&app.admin, json!({"customerEmail": "irina@example.com"})).await;
    for _ in 0..5 {
        let form = token(&browser(app).get("/en/requests").await);
        app.clock.advance(TimeDelta::seconds(1));
        let fields = [("form", form.as_str()), ("email", "irina@example.com")];
        assert_eq!(send(&browser(app), "/en/requests", &fields).await.status, 303);
    }
    desk.run().await;
    assert_eq!(desk.mail.mails_to("irina@example.com").len(), 3);
}

#[tokio::test]
async fn a_topic_is_counted_and_shown_whole_without_what_left_it() {
    let app = TestApp::start().await;
    let article = |number: usize| json!({"title": format!("Answer {number}"), "language": "en", "category": "Tours"});
    let mut last = json!({});
    for number in 0..101 {
        last = write(&app, article(number)).await;
    }
    write(&app, json!({"title": "Ответ", "language": "ru", "category": "Tours"})).await;
    let question = json!({"question": "When?", "answer": "In August.", "category": "Tours",
        "language": "en"});
    app.admin.post("/api/support/faqs", question).await.data(201);
    let home = browser(&app).get("/en").await.text;
    assert!(home.contains("102\u{a0}answers"), "{home}");
    let first = browser(&app).get("/en/categories/Tours").await.text;
    let second = browser(&app).get("/en/categories/Tours?page=2").await.text;
    let shown = |page: &str| page.matches("class=\"result\"").count();
    assert_eq!((shown(&first), shown(&second)), (100, 1), "{second}");
    assert!(first.contains("/en/categories/Tours?page=2\" rel=\"next\""), "{first}");
    assert!(second.contains("/en/categories/Tours?page=1\" rel=\"prev\""), "{second}");
    assert!(!second.contains("rel=\"next\"") && !second.contains("When?"), "{second}");
    let canonical = format!("<link rel=\"canonical\" href=\"{}/en/categories/Tours", app.base);
    assert!(first.contains(&format!("{canonical}\">")), "{first}");
    assert!(second.contains(&format!("{canonical}?page=2\">")), "{second}");
    for odd in ["0", "-1", "x", "99999999999"] {
        let page = browser(&app).get(&format!("/en/categories/Tours?page={odd}")).await;
        assert_eq!(shown(&page.text), 100, "page {odd} is the first");
    }
    assert_eq!(browser(&app).get("/en/categories/Tours?page=9").await.status, 404);
    app.admin.delete(&at(&last)).await;
    let home = browser(&app).get("/en").await.text;
    assert!(home.contains("101\u{a0}answers"), "{home}");
}

/// Writes so many questions, the first one the most important.
async fn questions(app: &TestApp, number: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..number {
        let body = json!({"question": format!("Question {number}?"), "answer": "An answer of words.",
            "category": "Tours", "language": "en", "priority": 100 - number.min(99)});
        let asked = app.admin.post("/api/support/faqs", body).await;
        ids.push(asked.data(201)["id"].as_str().unwrap().to_owned());
    }
    ids
}

#[tokio::test]
async fn every_question_is_on_a_page_and_has_an_address_that_results_lead_to() {
    let app = TestApp::start().await;
    let ids = questions(&app, 101).await;
    let first = browser(&app).get("/en/faq").await.text;
    let last = format!("id=\"q{}\"", ids[100]);
    assert!(first.contains("/en/faq?page=2\" rel=\"next\"") && !first.contains(&last), "{first}");
    for page in ["/en/faq?page=2", "/en/categories/Tours?page=2"] {
        assert!(browser(&app).get(page).await.text.contains(&last), "{page}");
    }
    assert_eq!(browser(&app).get("/en/faq?page=3").await.status, 404);
    let found = browser(&app).get("/en/search?q=question%20100").await;
    let address = format!("/en/faq/{}", ids[100]);
    assert!(found.text.contains(&format!("href=\"{address}\"")), "{}", found.text);
    let one = browser(&app).get(&address).await;
    assert!(one.text.contains("Question 100?") && one.text.contains("An answer of words."));
    let moved = browser(&app).get(&address.replace("/en/", "/ru/")).await;
    assert_eq!((moved.status.as_u16(), moved.header("location")), (308, address.as_str()));
    assert_eq!(browser(&app).get("/en/faq/999999").await.status, 404);
}

#[tokio::test]
async fn a_question_that_is_opened_is_counted_once_for_a_visitor_and_day() {
    let app = TestApp::start().await;
    let ids = questions(&app, 2).await;
    let page = browser(&app).get("/en/faq").await.text;
    let seen = format!("/en/faq/{}/seen", ids[0]);
    assert!(page.contains(&format!("data-seen=\"{seen}\"")), "{page}");
    for _ in 0..2 {
        assert_eq!(send(&browser(&app), &seen, &[]).await.status, 204);
        browser(&app).get(&format!("/en/faq/{}", ids[1])).await;
    }
    let stranger = browser(&app).header("sec-fetch-site", "cross-site");
    assert_eq!(stranger.post(&seen, json!({})).await.status, 403);
    kamhub_helpdesk::knowledge::views::flush(&app.app).await.unwrap();
    for id in ids {
        let read = app.admin.get(&format!("/api/support/faqs/{id}")).await;
        assert_eq!(read.data(200)["views"], 1);
    }
}

#[tokio::test]
async fn what_search_engines_are_told_of_a_page_agrees() {
    let app = TestApp::start().await;
    write(&app, json!({"category": "Tours"})).await;
    questions(&app, 1).await;
    let form = browser(&app).get("/en/request").await;
    assert_eq!(form.header("x-robots-tag"), "");
    assert!(form.text.contains("rel=\"canonical\"") && !form.text.contains("noindex"));
    assert_eq!(form.header("cache-control"), "private, no-store");
    let topic = browser(&app).get("/en/categories/Tours").await.text;
    let there = format!("hreflang=\"ru\" href=\"{}/ru/categories/Tours\"", app.base);
    assert!(topic.contains(&there) && topic.contains("/ru/categories/Tours?choose"), "{topic}");
    let faq = browser(&app).get("/en/faq").await.text;
    for page in [&topic, &faq] {
        assert!(page.contains("<meta name=\"description\""), "{page}");
    }
    let usual = format!("hreflang=\"x-default\" href=\"{}/ru/faq\"", app.base);
    assert!(faq.contains(&usual), "{faq}");
    let (_, picture) = faq.split_once("og:image\" content=\"").unwrap();
    let picture = picture.split('"').next().unwrap().strip_prefix(&app.base).unwrap();
    assert_eq!(app.anonymous.get(picture).await.header("content-type"), "image/png");
    let robots = app.anonymous.get("/robots.txt").await.text;
    assert!(robots.contains("Allow: /api/support/attachments/"), "{robots}");
}

#[tokio::test]
async fn a_slash_too_many_leads_to_the_page() {
    let app = TestApp::start().await;
    for (asked, page) in
        [("/ru/", "/ru"), ("/en/faq/", "/en/faq"), ("/en/search/?q=a", "/en/search?q=a")]
    {
        let moved = browser(&app).get(asked).await;
        assert_eq!((moved.status.as_u16(), moved.header("location")), (308, page), "{asked}");
    }
}

#[tokio::test]
async fn an_article_names_those_that_are_near_and_then_its_category() {
    let app = TestApp::start().await;
    let article = write(&app, json!({"category": "Вылеты", "tags": ["билет"]})).await;
    write(&app, json!({"title": "Обмен на другую дату", "category": "Рейсы", "tags": ["билет"]}))
        .await;
    write(&app, json!({"title": "Совсем другое", "category": "Вылеты", "tags": []})).await;
    let slug = article["slug"].as_str().unwrap();
    let page = browser(&app).get(&format!("/ru/articles/{slug}")).await.text;
    for near in ["obmen-na-druguyu-datu", "sovsem-drugoe"] {
        assert!(page.contains(near), "{near} in {page}");
    }
}
