//! Articles, questions, feedback and surveys of the demo.

use chrono::Duration;

use super::cast::{Customer, Player, latin};
use super::content::{Article, Content, Language};
use super::random::Random;
use super::rows::{ArticleRow, FaqRow, FeedbackRow, SurveyRow, TicketRow, Time};
use super::story;

/// The knowledge base; its authors are agents.
pub(super) fn articles(
    content: &Content,
    players: &[Player<'_>],
    now: Time,
    random: &mut Random,
) -> Vec<ArticleRow> {
    let mut rows: Vec<ArticleRow> = Vec::with_capacity(content.articles.len());
    for article in &content.articles {
        if let Some(original) = &article.translation_of {
            rows.extend(translation(&rows, article, &slug_of(original)));
            continue;
        }
        let created_at = now - Duration::hours(random.between(24 * 70, 24 * 400));
        let updated_at = created_at + Duration::hours(random.between(5, 24 * 60));
        let views = if article.published { random.between(120, 4_800) } else { 0 };
        let helpful_votes = views * random.between(4, 11) / 100;
        rows.push(ArticleRow {
            original: None,
            title: article.title.clone(),
            slug: slug_of(&article.title),
            content: article.content.clone(),
            category: article.category.clone(),
            tags: article.tags.clone(),
            language: article.language.as_str(),
            author_id: random.pick(players).map(|player| player.id),
            is_published: article.published,
            published_at: article.published.then_some(created_at + Duration::hours(3)),
            views,
            helpful_votes,
            unhelpful_votes: helpful_votes * random.between(3, 20) / 100,
            created_at,
            updated_at,
        });
    }
    rows
}

fn slug_of(title: &str) -> String {
    latin(title).replace('.', "-")
}

/// The same article in another language: whatever readers did is counted for both.
fn translation(rows: &[ArticleRow], article: &Article, original: &str) -> Option<ArticleRow> {
    let original = rows.iter().find(|row| row.slug == original)?;
    Some(ArticleRow {
        original: Some(original.slug.clone()),
        title: article.title.clone(),
        slug: slug_of(&article.title),
        content: article.content.clone(),
        language: article.language.as_str(),
        ..original.clone()
    })
}

/// The frequently asked questions.
pub(super) fn faqs(content: &Content, now: Time, random: &mut Random) -> Vec<FaqRow> {
    let mut rows = Vec::with_capacity(content.faqs.len());
    for faq in &content.faqs {
        let created_at = now - Duration::hours(random.between(24 * 90, 24 * 500));
        let russian = faq.question.chars().any(|letter| ('а'..='я').contains(&letter));
        let language = if russian { Language::Ru } else { Language::En };
        rows.push(FaqRow {
            question: faq.question.clone(),
            answer: faq.answer.clone(),
            category: faq.category.clone(),
            priority: faq.priority,
            language: language.as_str(),
            views: random.between(40, 60 * faq.priority),
            created_at,
            updated_at: created_at,
        });
    }
    rows
}

/// What a customer says about a ticket that was rated.
pub(super) fn feedback(
    ticket: &TicketRow,
    (stars, comment): &(i64, String),
    random: &mut Random,
) -> FeedbackRow {
    let mut near = |worse: i64| (stars + random.between(-worse, 1)).clamp(1, 5);
    let (response_time, resolution) = (near(2), near(1));
    let (professionalism, knowledge) = (near(0), near(1));
    let at = ticket.updated_at;
    FeedbackRow {
        ticket_id: ticket.id,
        customer_id: ticket.customer_id,
        agent_id: ticket.agent_id,
        rating: *stars,
        comment: (!comment.is_empty()).then(|| comment.clone()),
        response_time,
        resolution,
        professionalism,
        knowledge,
        would_recommend: *stars >= 4,
        follow_up_required: *stars <= 2,
        created_at: at,
        updated_at: at,
    }
}

/// Answers to the survey after a trip.
pub(super) fn surveys(
    content: &Content,
    customers: &[Customer],
    now: Time,
    random: &mut Random,
) -> Vec<SurveyRow> {
    let mut rows = Vec::new();
    for (language, overall, comment) in
        content.phrases.survey.iter().cycle().take(3 * content.phrases.survey.len())
    {
        let fluent: Vec<&Customer> =
            customers.iter().filter(|customer| customer.language == *language).collect();
        let Some(customer) = random.pick(&fluent) else { continue };
        let at = now - Duration::minutes(random.between(60, story::WEEKS * 7 * 24 * 60));
        let mut near = || (overall + random.between(-1, 1)).clamp(1, 5);
        let repeated = rows.len() >= content.phrases.survey.len();
        rows.push(SurveyRow {
            customer_id: customer.row.external_id,
            email: customer.row.email.clone(),
            overall_rating: *overall,
            support_quality: near(),
            response_time: near(),
            resolution: near(),
            comment: (!comment.is_empty() && !repeated).then(|| comment.clone()),
            created_at: at,
            updated_at: at,
        });
    }
    rows
}
