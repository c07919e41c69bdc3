//! Counts and sums over a period, from an index alone.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};
use sqlx::QueryBuilder;

use crate::feedback::figures::{Asked, GroupBy, SurveyFigures, Tally};

/// The most groups of an answer; those with the most feedback.
const MOST_GROUPS: i64 = 200;

const SUMS: &str = "ARRAY[count(*) FILTER (WHERE rating = 1), count(*) FILTER (WHERE rating = 2), \
        count(*) FILTER (WHERE rating = 3), count(*) FILTER (WHERE rating = 4), \
        count(*) FILTER (WHERE rating = 5)] AS ratings, \
    avg(response_time)::float8 AS response_time, avg(resolution)::float8 AS resolution, \
    avg(professionalism)::float8 AS professionalism, avg(knowledge)::float8 AS knowledge, \
    count(*) FILTER (WHERE would_recommend) AS recommend, \
    count(would_recommend) AS recommend_answers, \
    count(*) FILTER (WHERE nps_score >= 9) AS promoters, \
    count(*) FILTER (WHERE nps_score BETWEEN 7 AND 8) AS passives, \
    count(*) FILTER (WHERE nps_score <= 6) AS detractors, \
    COALESCE(sum(ces_score), 0) AS ces_sum, count(ces_score) AS ces_answers";

/// The sums of each group, or of all where nothing is told apart.
pub(in crate::feedback) async fn tallies(
    connection: &mut PgConnection,
    asked: &Asked,
    group_by: Option<GroupBy>,
) -> DbResult<Vec<Tally>> {
    let key = match group_by {
        None => "NULL::text",
        Some(GroupBy::Week) => {
            "to_char(date_trunc('week', created_at, 'UTC') AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
        }
        Some(GroupBy::Agent) => "agent_id::text",
        Some(GroupBy::Team) => "team",
        Some(GroupBy::Category) => "category",
    };
    let mut query = QueryBuilder::new(format!(
        "SELECT {key} AS key, {SUMS} FROM feedback WHERE created_at >= "
    ));
    query.push_bind(asked.from).push(" AND created_at <= ").push_bind(asked.to);
    if let Some(agent) = asked.agent {
        query.push(" AND agent_id = ").push_bind(agent);
    }
    if let Some(team) = &asked.team {
        query.push(" AND team = ").push_bind(team.clone());
    }
    if let Some(category) = asked.category {
        query.push(" AND category = ").push_bind(category);
    }
    match group_by {
        None => {}
        Some(GroupBy::Week) => {
            query.push(" GROUP BY 1 ORDER BY 1");
        }
        Some(_) => {
            query.push(" GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT ").push_bind(MOST_GROUPS);
        }
    }
    Ok(query.build_query_as().persistent(false).fetch_all(connection).await?)
}

/// A row of [`surveys`].
struct SurveyRow {
    ratings: Vec<i64>,
    support_quality: Option<f64>,
    response_time: Option<f64>,
    resolution: Option<f64>,
    promoters: i64,
    passives: i64,
    detractors: i64,
    ces_sum: i64,
    ces_answers: i64,
}

/// What the surveys of a period say, and their answers to the questions that feedback has as well.
pub(in crate::feedback) async fn surveys(
    connection: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> DbResult<(SurveyFigures, Tally)> {
    let row = sqlx::query_as!(
        SurveyRow,
        r#"SELECT ARRAY[count(*) FILTER (WHERE overall_rating = 1),
                  count(*) FILTER (WHERE overall_rating = 2),
                  count(*) FILTER (WHERE overall_rating = 3),
                  count(*) FILTER (WHERE overall_rating = 4),
                  count(*) FILTER (WHERE overall_rating = 5)] AS "ratings!: Vec<i64>",
              avg(support_quality)::float8 AS support_quality,
              avg(response_time)::float8 AS response_time, avg(resolution)::float8 AS resolution,
              count(*) FILTER (WHERE nps_score >= 9) AS "promoters!",
              count(*) FILTER (WHERE nps_score BETWEEN 7 AND 8) AS "passives!",
              count(*) FILTER (WHERE nps_score <= 6) AS "detractors!",
              COALESCE(sum(ces_score), 0) AS "ces_sum!", count(ces_score) AS "ces_answers!"
           FROM surveys WHERE created_at BETWEEN $1 AND $2"#,
        from,
        to
    )
    .fetch_one(connection)
    .await?;
    let tally = Tally {
        ratings: row.ratings,
        promoters: row.promoters,
        passives: row.passives,
        detractors: row.detractors,
        ces_sum: row.ces_sum,
        ces_answers: row.ces_answers,
        ..Tally::default()
    };
    let (responses, average_rating, csat) = tally.rating();
    let rounded = |number: Option<f64>| number.map(|number| (number * 100.0).round() / 100.0);
    let figures = SurveyFigures {
        responses,
        average_rating,
        csat,
        support_quality: rounded(row.support_quality),
        response_time: rounded(row.response_time),
        resolution: rounded(row.resolution),
    };
    Ok((figures, tally))
}
