//! An example of each event's data. A test holds them against their schemas.

use serde_json::{Value, json};

/// `ticket.created`.
pub fn ticket() -> Value {
    json!({
        "id": "17", "ticketNumber": "TKT-17", "subject": "Payment failed",
        "description": "My card was charged twice for booking 4711.",
        "customerId": "42", "customerName": "Ирина Соколова", "customerEmail": "irina@example.com",
        "requesterId": "3", "customerVerified": true,
        "category": "billing", "priority": "high", "status": "open", "channel": "api",
        "agentId": "7", "assignedTo": "7", "team": "payments", "tags": ["vip"], "attachments": [],
        "relatedBookingId": "4711", "relatedOrderId": null, "resolution": null,
        "version": 1, "snoozedUntil": null, "snoozeSlackMinutes": null, "firstResponseAt": null, "resolvedAt": null, "closedAt": null,
        "reopenedCount": 0, "mergedIntoId": null, "followUpOfId": null, "splitFromId": null,
        "createdAt": "2026-11-21T12:14:54.584037Z", "updatedAt": "2026-11-21T12:14:54.584037Z",
    })
}

/// `ticket.updated`.
pub fn ticket_change() -> Value {
    let mut ticket = ticket();
    ticket["status"] = json!("in_progress");
    ticket["version"] = json!(2);
    json!({
        "ticket": ticket, "change": "updated",
        "before": {"status": "open"}, "after": {"status": "in_progress"},
    })
}

/// `ticket.deleted`.
pub fn ticket_deletion() -> Value {
    json!({
        "ticket": ticket(), "change": "deleted",
        "before": {"deletedAt": null}, "after": {"deletedAt": "2026-11-21T13:00:00Z"},
    })
}

fn written() -> Value {
    json!({
        "id": "29", "ticketId": "17", "senderType": "agent", "senderId": "7", "senderName": "Анна Лебедева",
        "message": "The second charge was refunded today.", "attachments": [],
        "isInternal": false, "isAutomatic": false, "rating": null, "ratingComment": null, "ratedAt": null,
        "originalTicketId": null, "createdAt": "2026-11-21T12:20:01.112Z",
    })
}

/// `ticket.message.created`.
pub fn message() -> Value {
    json!({"message": written(), "isInternal": false, "isAutomatic": false, "followUp": false})
}

/// `ticket.message.rated`.
pub fn rating() -> Value {
    let mut message = written();
    message["rating"] = json!(5);
    message["ratingComment"] = json!("Quick and clear, thank you!");
    message["ratedAt"] = json!("2026-11-21T18:02:11Z");
    json!({"message": message})
}

/// `agent.created`.
pub fn agent() -> Value {
    json!({
        "agent": {
            "id": "7", "userId": "501", "email": "anna@kamhub.example", "name": "Анна Лебедева", "team": "Bookings",
            "specialization": ["booking", "refund"], "timezone": "Asia/Kamchatka",
            "workingHours": {"start": "09:00", "end": "18:00"}, "maxConcurrentTickets": 5, "status": "online",
            "statusChangedAt": "2026-11-21T12:00:00Z", "currentTickets": 0, "available": true,
            "createdAt": "2026-11-21T12:00:00Z", "updatedAt": "2026-11-21T12:00:00Z",
        },
        "by": "user:1",
    })
}

/// `agent.updated`.
pub fn agent_change() -> Value {
    json!({
        "agentId": "7", "before": {"maxConcurrentTickets": 5}, "after": {"maxConcurrentTickets": 8}, "by": "user:1",
    })
}

/// `agent.status_changed`.
pub fn agent_status() -> Value {
    json!({"agentId": "7", "name": "Анна Лебедева", "before": "offline", "after": "online", "by": "user:12"})
}

fn said() -> Value {
    json!({
        "id": "5", "ticketId": "17", "customerId": "42", "customerVerified": true, "agentId": "7", "rating": 5,
        "comment": "Quick and clear, thank you!",
        "categories": {"responseTime": 4, "resolution": 5, "professionalism": 5, "knowledge": 4},
        "wouldRecommend": true, "npsScore": 9, "cesScore": 6, "followUpRequired": false,
        "category": "billing", "team": "payments",
        "createdAt": "2026-11-22T09:10:00Z", "updatedAt": "2026-11-22T09:10:00Z",
    })
}

/// `feedback.created` and `feedback.follow_up_required`.
pub fn feedback() -> Value {
    json!({"feedback": said()})
}

/// `feedback.updated`.
pub fn feedback_change() -> Value {
    let mut before = said();
    before["rating"] = json!(3);
    json!({"feedback": said(), "before": before})
}

/// `survey.completed`.
pub fn survey() -> Value {
    json!({"survey": {
        "id": "9", "customerId": "42", "customerVerified": false, "email": "irina@example.com",
        "overallRating": 5, "supportQuality": 4, "responseTime": 4, "resolution": 5, "npsScore": 9, "cesScore": 6,
        "comment": "You always answer.", "createdAt": "2026-11-22T09:15:00Z",
    }})
}

/// `csat.requested`.
pub fn csat_request() -> Value {
    json!({
        "ticketId": "17", "ticketNumber": "TKT-17", "requesterId": "3", "customerName": "Ирина Соколова",
        "customerEmail": "irina@example.com", "agentId": "7", "resolvedAt": "2026-11-22T08:00:00Z",
        "expiresAt": "2026-12-06T09:00:00Z",
    })
}

/// `webhook.endpoint_disabled`.
pub fn webhook_disabled() -> Value {
    json!({
        "webhookId": "2", "description": "Booking: refunds", "reason": "failing",
        "failingSince": "2026-11-16T12:00:00Z", "disabledAt": "2026-11-21T12:05:00Z",
    })
}

/// `webhook.test`.
pub fn webhook_test() -> Value {
    json!({"webhookId": "2", "description": "Booking: refunds"})
}

fn promised() -> Value {
    json!({
        "ticketId": "17", "ticketNumber": "TKT-17", "metric": "first_response", "instance": 1,
        "dueAt": "2026-11-21T16:14:54Z", "targetSeconds": 14400, "priority": "high", "agentId": "7",
        "team": "payments", "policyId": "1",
    })
}

/// `sla.warning`.
pub fn sla_warning() -> Value {
    let mut data = promised();
    data["step"] = json!(0);
    data
}

/// `sla.violation_detected`.
pub fn sla_violation() -> Value {
    let mut data = promised();
    data["violationId"] = json!("3");
    data["type"] = json!("FIRST_RESPONSE_SLA");
    data["breachedAt"] = json!("2026-11-21T16:14:54Z");
    data["detectedAt"] = json!("2026-11-21T16:15:01Z");
    data
}

/// `sla.violation_acknowledged`.
pub fn sla_acknowledgement() -> Value {
    json!({
        "violationId": "3", "ticketId": "17", "type": "FIRST_RESPONSE_SLA", "instance": 1,
        "acknowledgedAt": "2026-11-21T16:20:00Z", "acknowledgedBy": "Анна Лебедева", "note": "Called the customer",
    })
}

/// `article.published` and the other events of articles.
pub fn article() -> Value {
    json!({
        "article": {
            "id": "3", "title": "Как вернуть билет?", "slug": "kak-vernut-bilet", "category": "Отмена и возврат",
            "tags": ["возврат"], "language": "ru", "isPublished": true, "publishedAt": "2026-11-21T12:00:00Z",
            "version": 3,
        },
        "by": "user:7",
    })
}

/// `faq.created` and the other events of questions.
pub fn faq() -> Value {
    json!({
        "faq": {
            "id": "4", "question": "Когда придёт возврат?", "category": "Отмена и возврат", "priority": 90,
            "language": "ru", "version": 1,
        },
        "by": "user:7",
    })
}
