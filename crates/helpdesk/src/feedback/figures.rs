//! The figures that follow from feedback and surveys; no I/O.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::category::Category;
use crate::ids::AgentId;

kamhub_kernel::wire_enum! {
    /// What figures are told apart by.
    pub enum GroupBy {
        /// The week, from Monday, in UTC.
        Week = "week",
        /// The agent.
        Agent = "agent",
        /// The team.
        Team = "team",
        /// The ticket's category.
        Category = "category",
    }
}

/// Which feedback is counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// From then on.
    pub from: DateTime<Utc>,
    /// Until then.
    pub to: DateTime<Utc>,
    /// About this agent.
    pub agent: Option<AgentId>,
    /// Of this team.
    pub team: Option<String>,
    /// Of this category of tickets.
    pub category: Option<Category>,
    /// What is told apart.
    pub group_by: Option<GroupBy>,
}

impl Asked {
    /// Whether it is about the desk as a whole, and surveys count with it: a survey has no ticket,
    /// so it belongs to no agent, team or category.
    pub fn is_whole(&self) -> bool {
        self.agent.is_none() && self.team.is_none() && self.category.is_none()
    }
}

/// Counts and sums as the database gives them.
#[derive(Debug, Clone, Default, PartialEq, sqlx::FromRow)]
pub struct Tally {
    /// The group; nothing where nothing is told apart, or where it is not known.
    pub key: Option<String>,
    /// How many there are of each rating, from 1 to 5.
    pub ratings: Vec<i64>,
    /// The average of how fast.
    pub response_time: Option<f64>,
    /// The average of whether it was solved.
    pub resolution: Option<f64>,
    /// The average of how professionally.
    pub professionalism: Option<f64>,
    /// The average of how well informed.
    pub knowledge: Option<f64>,
    /// How many would recommend the desk.
    pub recommend: i64,
    /// How many said whether they would.
    pub recommend_answers: i64,
    /// 9 or 10.
    pub promoters: i64,
    /// 7 or 8.
    pub passives: i64,
    /// 0 to 6.
    pub detractors: i64,
    /// The sum of how easy it was.
    pub ces_sum: i64,
    /// How many said how easy it was.
    pub ces_answers: i64,
}

/// How likely customers would recommend the company, by the usual score.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Nps {
    /// Per cent of promoters less per cent of detractors, -100 to 100; null without answers.
    #[schema(examples(42.86))]
    pub score: Option<f64>,
    /// Answers of 9 and 10.
    #[schema(examples(4))]
    pub promoters: i64,
    /// Answers of 7 and 8.
    #[schema(examples(2))]
    pub passives: i64,
    /// Answers of 0 to 6.
    #[schema(examples(1))]
    pub detractors: i64,
}

/// How easy it was for customers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Ces {
    /// The average, 1 to 7; null without answers.
    #[schema(examples(5.8))]
    pub average: Option<f64>,
    /// How many said it.
    #[schema(examples(7))]
    pub answers: i64,
}

/// Averages of parts of the work, each 1 to 5; null where nobody said anything of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CategoryAverages {
    /// How fast.
    #[schema(examples(4.2))]
    pub response_time: Option<f64>,
    /// Whether it was solved.
    #[schema(examples(4.5))]
    pub resolution: Option<f64>,
    /// How professionally.
    #[schema(examples(4.8))]
    pub professionalism: Option<f64>,
    /// How well informed.
    #[schema(examples(4.6))]
    pub knowledge: Option<f64>,
}

/// Figures over feedback on tickets.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// How many customers gave feedback.
    #[schema(examples(41))]
    pub responses: i64,
    /// The average rating, 1 to 5; null where there is none.
    #[schema(examples(4.41))]
    pub average_rating: Option<f64>,
    /// Customer satisfaction: per cent of ratings of 4 and 5; null where there is none.
    #[schema(examples(87.8))]
    pub csat: Option<f64>,
    /// How many there are of each rating, from 1 to 5.
    #[schema(examples(json!([1, 1, 3, 11, 25])))]
    pub rating_counts: Vec<i64>,
    /// Averages of parts of the work.
    pub categories: CategoryAverages,
    /// Per cent of those who would recommend the desk, among those who said; null where nobody did.
    #[schema(examples(92.31))]
    pub recommend_share: Option<f64>,
    /// How likely customers would recommend the company. Surveys count too where the figures are
    /// those of the whole desk.
    pub nps: Nps,
    /// How easy it was. Surveys count too where the figures are those of the whole desk.
    pub ces: Ces,
}

impl Tally {
    /// Takes the answers to the questions that a survey asks as well.
    pub fn add_survey(&mut self, survey: &Self) {
        self.promoters += survey.promoters;
        self.passives += survey.passives;
        self.detractors += survey.detractors;
        self.ces_sum += survey.ces_sum;
        self.ces_answers += survey.ces_answers;
    }

    /// How many ratings there are, their average and the satisfaction.
    pub fn rating(&self) -> (i64, Option<f64>, Option<f64>) {
        let responses: i64 = self.ratings.iter().sum();
        let sum: i64 = self.ratings.iter().zip(1..).map(|(count, rating)| count * rating).sum();
        let satisfied: i64 = self.ratings.iter().skip(3).sum();
        (responses, ratio(sum, responses), percent(satisfied, responses))
    }

    /// The figures.
    pub fn figures(&self) -> Figures {
        let (responses, average_rating, csat) = self.rating();
        let answers = self.promoters + self.passives + self.detractors;
        Figures {
            responses,
            average_rating,
            csat,
            rating_counts: self.ratings.clone(),
            categories: CategoryAverages {
                response_time: self.response_time.map(hundredths),
                resolution: self.resolution.map(hundredths),
                professionalism: self.professionalism.map(hundredths),
                knowledge: self.knowledge.map(hundredths),
            },
            recommend_share: percent(self.recommend, self.recommend_answers),
            nps: Nps {
                score: percent(self.promoters - self.detractors, answers),
                promoters: self.promoters,
                passives: self.passives,
                detractors: self.detractors,
            },
            ces: Ces { average: ratio(self.ces_sum, self.ces_answers), answers: self.ces_answers },
        }
    }
}

/// Figures over surveys.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SurveyFigures {
    /// How many were answered.
    #[schema(examples(12))]
    pub responses: i64,
    /// The average of the overall rating, 1 to 5; null where there is none.
    #[schema(examples(4.3))]
    pub average_rating: Option<f64>,
    /// Per cent of overall ratings of 4 and 5; null where there is none.
    #[schema(examples(83.33))]
    pub csat: Option<f64>,
    /// The average of how good the support is.
    #[schema(examples(4.4))]
    pub support_quality: Option<f64>,
    /// The average of how fast.
    #[schema(examples(4.1))]
    pub response_time: Option<f64>,
    /// The average of whether things are solved.
    #[schema(examples(4.5))]
    pub resolution: Option<f64>,
}

/// Figures of one group.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FeedbackGroup {
    /// The Monday of the week, the agent's id, the team, or the category; null where it is not known.
    #[schema(examples("2026-03-02"))]
    pub key: Option<String>,
    /// The agent's name, where agents are told apart.
    #[schema(examples("Анна Лебедева"))]
    pub name: Option<String>,
    /// The figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// A share in per cent, rounded to two places; nothing of nothing.
fn percent(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| hundredths(part as f64 * 100.0 / whole as f64))
}

fn ratio(sum: i64, count: i64) -> Option<f64> {
    (count > 0).then(|| hundredths(sum as f64 / count as f64))
}

/// Rounded to two places: what people read.
fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn satisfaction_is_the_share_of_fours_and_fives() {
        let tally = Tally { ratings: vec![1, 1, 1, 2, 4], ..Tally::default() };
        assert_eq!(tally.rating(), (9, Some(3.78), Some(66.67)));
        let nothing = Tally { ratings: vec![0; 5], ..Tally::default() };
        assert_eq!(nothing.rating(), (0, None, None));
        assert_eq!(nothing.figures().nps.score, None);
    }

    #[test]
    fn passives_count_among_the_answers_of_the_promoter_score_and_for_neither_side() {
        let tally = Tally { promoters: 4, passives: 2, detractors: 1, ..Tally::default() };
        assert_eq!(tally.figures().nps.score, Some(42.86));
        let bad = Tally { detractors: 3, ..Tally::default() };
        assert_eq!(bad.figures().nps.score, Some(-100.0));
    }

    proptest! {
        #[test]
        fn every_figure_stays_within_its_range(
            ratings in proptest::collection::vec(0_i64..1_000_000, 5),
            (promoters, passives, detractors) in (0_i64..1000, 0_i64..1000, 0_i64..1000),
        ) {
            let tally = Tally { ratings, promoters, passives, detractors, ..Tally::default() };
            let figures = tally.figures();
            prop_assert!(figures.average_rating.is_none_or(|rating| (1.0..=5.0).contains(&rating)));
            prop_assert!(figures.csat.is_none_or(|csat| (0.0..=100.0).contains(&csat)));
            let score = figures.nps.score;
            prop_assert!(score.is_none_or(|score| (-100.0..=100.0).contains(&score)));
        }
    }
}
