//! Every word of the pages, in both languages side by side: one that is missing does not compile.
//! Sentences with a number or a name in them are functions beside.

mod sentences;

use crate::category::Category;
use crate::language::Language;
use crate::tickets::state::Status;
pub use sentences::{found, opinion_kept, rated, reading_time, shelf, standing};

macro_rules! words {
    ($($name:ident: $english:literal, $russian:literal;)*) => {
        /// The words of one language.
        pub struct Words { $(pub $name: &'static str,)* }
        static ENGLISH: Words = Words { $($name: $english,)* };
        static RUSSIAN: Words = Words { $($name: $russian,)* };
        #[cfg(test)]
        const ALL: &[(&str, &str, &str)] = &[$((stringify!($name), $english, $russian),)*];
    };
}

/// The words of a language.
pub fn words(lang: Language) -> &'static Words {
    match lang {
        Language::En => &ENGLISH,
        Language::Ru => &RUSSIAN,
    }
}

words! {
    // Around every page
    skip: "Skip to the content", "Перейти к содержанию";
    help_centre: "Help centre", "Центр поддержки";
    navigation: "Main navigation", "Основная навигация";
    nav_request: "Ask us", "Написать нам";
    times_in: "Times are shown in the time zone", "Время указано в часовом поясе";
    optional: "optional", "необязательно";

    // Home
    home_title: "How can we help?", "Чем помочь?";
    home_lead: "Find an answer at once, or write to us: no account is needed.",
        "Найдите ответ сразу или напишите нам: регистрация не нужна.";

    // Finding an answer
    search_title: "Search", "Поиск";
    search_label: "What are you looking for?", "Что вы ищете?";
    search_placeholder: "For example: refund for a cancelled tour", "Например: возврат за отменённый тур";
    search_button: "Find", "Найти";
    search_corrected: "Shown for", "Показано по запросу";
    search_instead: "instead of", "вместо";
    search_meant: "Did you mean", "Может быть, вы искали";
    search_more: "More results", "Ещё результаты";
    search_empty: "Nothing found", "Ничего не нашлось";
    search_empty_lead: "Try other words, or ask us: a person will answer.",
        "Попробуйте другие слова или напишите нам: ответит человек.";
    search_not_it: "Not what you were looking for?", "Не то, что вы искали?";
    suggestions_title: "This may answer it", "Возможно, это поможет";
    kind_article: "Article", "Статья";
    kind_question: "Question", "Вопрос";
    faq_title: "Frequent questions", "Частые вопросы";
    faq_all: "All questions", "Все вопросы";
    faq_description: "Short answers to what travellers ask most often.",
        "Короткие ответы на то, о чём спрашивают чаще всего.";
    faq_more: "More questions", "Ещё вопросы";
    faq_empty: "There are no questions here yet.", "Здесь пока нет вопросов.";
    topics: "Topics", "Темы";
    topic_more: "More articles", "Ещё статьи";
    topic_previous: "Back", "Назад";
    popular: "Read most", "Часто читают";
    ask_title: "No answer yet?", "Не нашли ответ?";
    ask_lead: "Write to us: a person will answer.",
        "Напишите нам: ответит человек.";
    crumbs: "You are here", "Вы здесь";
    contents: "On this page", "На этой странице";
    related: "On the same topic", "На ту же тему";
    article_only_other: "This article is not there in English yet, so you see it in Russian.",
        "Этой статьи пока нет на русском, поэтому она показана на английском.";
    vote_question: "Did this help?", "Статья помогла?";
    vote_yes: "Yes", "Да";
    vote_no: "No", "Нет";
    vote_thanks: "Thank you, we have noted it.", "Спасибо, мы записали.";
    vote_sorry: "Sorry to hear that", "Жаль, что не помогло";
    vote_missing: "What was missing or wrong?", "Чего не хватило или что неверно?";
    vote_tell: "Tell the authors", "Сказать авторам";

    // A ticket
    your_request: "Your request", "Ваше обращение";
    ticket_state: "State", "Состояние";
    ticket_topic: "Topic", "Тема";
    ticket_created: "Sent", "Отправлено";
    ticket_due: "Answer expected by", "Ответим до";
    ticket_late: "We promised to answer by now and are late. We are sorry: your request is still with us.",
        "Мы обещали ответить раньше и опаздываем. Просим прощения: ваше обращение в работе.";
    conversation: "Conversation", "Переписка";
    you: "you", "вы";
    support_team: "Support", "Поддержка";
    automatic: "Automatic message", "Автоматическое сообщение";
    earlier_messages: "Show earlier messages", "Показать более ранние сообщения";
    reply_title: "Your answer", "Ваш ответ";
    reply_label: "Message", "Сообщение";
    reply_hint: "Everything that helps: numbers, dates, what you have tried.",
        "Всё, что поможет разобраться: номера, даты, что вы уже пробовали.";
    reply_send: "Send", "Отправить";
    reply_newer: "We answered while you were writing. Read the new message above, then send yours.",
        "Пока вы писали, пришёл новый ответ. Прочитайте его выше и отправьте сообщение ещё раз.";
    reply_reopens: "If you write, the request is opened again.",
        "Если вы напишете, обращение снова откроется.";
    replied: "Your message is sent.", "Сообщение отправлено.";
    reply_continues: "The request was closed long ago: if you write, a new one continues it.",
        "Обращение давно закрыто: если вы напишете, его продолжит новое.";
    goes_on_in: "Part of this goes on in", "Часть разговора продолжается в обращении";
    followed_up: "The old request was closed long ago, so your message opened a new one: this is it.",
        "Прежнее обращение закрыто давно, поэтому ваше сообщение открыло новое — вот оно.";
    solved_title: "Is it solved?", "Вопрос решён?";
    solved_lead: "We believe so. If not, tell us, and we go on.",
        "Мы считаем, что да. Если нет, скажите — продолжим.";
    close: "Yes, close the request", "Да, закрыть обращение";
    close_held: "I do not need it any more: close the request", "Больше не нужно: закрыть обращение";
    reopen: "No, go on", "Нет, продолжить";
    reopen_closed: "Open the request again", "Открыть обращение снова";
    closed_done: "The request is closed. Thank you!", "Обращение закрыто. Спасибо!";
    reopened_done: "The request is open again.", "Обращение снова открыто.";
    step_refused: "The request has changed meanwhile: this is how it stands now.",
        "Обращение успело измениться: вот как оно выглядит сейчас.";
    rate: "Rate this answer", "Оценить ответ";
    rate_legend: "How good was this answer?", "Насколько хорош этот ответ?";
    rate_comment: "What could be better?", "Что можно сделать лучше?";
    rate_send: "Send the rating", "Отправить оценку";
    rated_done: "Thank you for the rating.", "Спасибо за оценку.";
    rating_worst: "1: bad", "1 — плохо";
    rating_best: "5: excellent", "5 — отлично";
    files: "Files", "Файлы";
    files_hint: "Up to 5 files of 10 MB each: photos, PDF, documents.",
        "До 5 файлов по 10 МБ: фото, PDF, документы.";
    files_many: "At most 5 files; this is one too many:", "Не больше 5 файлов, этот уже лишний:";
    files_large: "The files are too large together. Please send fewer or smaller ones.",
        "Файлы вместе слишком большие. Отправьте меньше файлов или файлы поменьше.";
    files_gone: "A file is not there any more. Please choose it again.",
        "Файла у нас больше нет. Выберите его ещё раз.";
    file_large: "This file has more than 10 MB:", "Файл больше 10 МБ:";
    file_refused: "We do not take files of this kind:", "Файлы такого вида мы не принимаем:";
    file_broken: "This file could not be read:", "Не удалось прочитать файл:";
    link_note: "Whoever has this page's address can read and write here. Do not pass it on.",
        "Любой, у кого есть адрес этой страницы, может читать и писать здесь. Не передавайте его.";

    // A request
    request_title: "Ask us", "Написать в поддержку";
    request_lead: "Tell us what happened. We answer by e-mail, and no account is needed.",
        "Расскажите, что случилось. Ответим на почту, регистрация не нужна.";
    request_subject: "What is it about?", "О чём вопрос?";
    request_subject_hint: "In one line, as you would say it.", "Одной строкой, своими словами.";
    request_description: "What happened?", "Что случилось?";
    request_choose: "Please choose", "Выберите тему";
    request_booking: "Booking number", "Номер брони";
    request_name: "Your name", "Ваше имя";
    request_email: "E-mail for the answer", "Почта для ответа";
    request_trap: "Leave this field empty", "Оставьте это поле пустым";
    request_privacy: "We use your name and address only to answer this request.",
        "Имя и адрес нужны только для ответа на это обращение.";
    request_send: "Send the request", "Отправить обращение";
    sent_title: "We have your request", "Обращение принято";
    sent_lead: "The answer comes to the address that you gave. Keep the number: it helps if you call us.",
        "Ответ придёт на указанный адрес. Сохраните номер: он пригодится, если вы позвоните.";
    request_lead_here: "Tell us what happened. No account is needed: the answer comes to a page of your own.",
        "Расскажите, что случилось. Регистрация не нужна: ответ появится на вашей личной странице.";
    request_email_here: "Your e-mail", "Ваша почта";
    sent_lead_here: "The answer appears on the page of your request. Keep its address: we give it only here.",
        "Ответ появится на странице обращения. Сохраните её адрес: мы показываем его только здесь.";
    sent_open: "Open the request", "Открыть обращение";
    sent_number: "Number of your request", "Номер обращения";
    faults_title: "Some fields need a look:", "Проверьте эти поля:";

    // One's requests
    mine_title: "My requests", "Мои обращения";
    mine_lead: "We send a link to your e-mail: behind it are all your requests. It works for a day.",
        "Пришлём на почту ссылку: по ней видны все ваши обращения. Она действует сутки.";
    mine_email: "Your e-mail", "Ваша почта";
    mine_send: "Send the link", "Прислать ссылку";
    mine_sent: "Look into your mailbox", "Проверьте почту";
    mine_sent_lead: "If there are requests from that address, the link to them is on its way.",
        "Если с этого адреса были обращения, ссылка на них уже в пути.";
    mine_none: "There are no requests yet.", "Обращений пока нет.";

    // How it was
    opinion_title: "How did we do?", "Как мы справились?";
    opinion_lead: "Your answer goes to the people who helped you and those who train them.",
        "Ваш ответ прочитают те, кто вам помогал, и их наставники.";
    opinion_rating: "How satisfied are you with the help?", "Насколько вы довольны помощью?";
    opinion_comment: "What went well, and what did not?", "Что получилось, а что нет?";
    opinion_likely: "How likely would you recommend us?", "Насколько вероятно, что вы нас порекомендуете?";
    opinion_unlikely: "Not at all", "Совсем нет";
    opinion_very_likely: "Very likely", "Обязательно";
    opinion_contact: "I would like somebody to contact me about this", "Хочу, чтобы со мной связались по этому поводу";
    opinion_easy: "How easy was it to get your question solved?", "Насколько легко было решить вопрос?";
    opinion_hard: "1: very hard", "1 — очень сложно";
    opinion_very_easy: "7: very easy", "7 — очень легко";
    opinion_send: "Send", "Отправить отзыв";
    opinion_choose: "Please choose a number from 1 to 5.", "Выберите оценку от 1 до 5.";
    opinion_choose_likely: "Please choose a number from 0 to 10.", "Выберите число от 0 до 10.";
    opinion_choose_easy: "Please choose a number from 1 to 7.", "Выберите число от 1 до 7.";
    opinion_now_kept: "Your rating is kept. You can add a few words, or change it.",
        "Оценка сохранена. Можно добавить пару слов или изменить её.";
    opinion_settled: "This was some time ago: what you said then stands.",
        "Прошло много времени: остаётся то, что вы сказали тогда.";
    opinion_thanks: "Thank you!", "Спасибо!";
    opinion_thanks_lead: "Your opinion is with us.", "Ваше мнение у нас.";
    opinion_ask: "How did we do? Tell us", "Как мы справились? Расскажите";

    // Forms
    form_fast: "That was faster than anybody types. Please send it once more.",
        "Слишком быстро для человека. Отправьте, пожалуйста, ещё раз.";
    fault_empty: "This field must stay empty.", "Это поле должно остаться пустым.";
    form_old: "This page was open for too long. Your text is kept: please send it once more.",
        "Страница была открыта слишком долго. Текст сохранён: отправьте его ещё раз.";
    too_often: "Too many messages in a short time. Please wait a moment, then send again.",
        "Слишком много сообщений за короткое время. Немного подождите и отправьте снова.";
    fault_required: "Please fill this in.", "Заполните это поле.";
    fault_email: "Please check the address: it should look like name@example.com.",
        "Проверьте адрес: он должен выглядеть как name@example.com.";
    fault_number: "Please write digits only.", "Напишите только цифры.";
    fault_other: "Please check this field.", "Проверьте это поле.";

    // Errors
    not_found_title: "There is no such page", "Такой страницы нет";
    not_found_text: "The address may be mistyped, or the page was moved.",
        "Возможно, адрес набран с ошибкой или страница переехала.";
    link_title: "This link does not work any more", "Ссылка больше не действует";
    link_text: "Links to a request work for 30 days. Open the newest e-mail from us: its link is fresh.",
        "Ссылка на обращение действует 30 дней. Откройте последнее письмо от нас: в нём свежая ссылка.";
    link_mine_text: "The link to your requests works for a day. Ask for a new one on the page “My requests”.",
        "Ссылка на ваши обращения действует сутки. Запросите новую на странице «Мои обращения».";
    link_rate_text: "We ask how it was for 30 days. If something is left, write to us.",
        "Оценить помощь можно в течение 30 дней. Если вопрос остался, напишите нам.";
    away_title: "We will be back in a moment", "Скоро вернёмся";
    away_text: "The help centre cannot reach its data right now. Nothing is lost; try again in a minute.",
        "Центр поддержки сейчас не видит своих данных. Ничего не потеряно: попробуйте через минуту.";
    often_title: "That was a little too fast", "Слишком много запросов";
    often_text: "We got many requests from your address. Wait a minute, then try again.",
        "С вашего адреса пришло много запросов. Подождите минуту и попробуйте снова.";
    refused_title: "The form was not accepted", "Форма не принята";
    refused_text: "It was sent from another page than ours. Open the page again and repeat it here.",
        "Она отправлена не с нашей страницы. Откройте страницу снова и повторите.";
    wrong_title: "We did not understand that", "Мы не поняли запрос";
    wrong_text: "Something in the request was not as expected. Go back and try once more.",
        "В запросе что-то не так. Вернитесь назад и попробуйте ещё раз.";
    fault_title: "Something broke on our side", "У нас что-то сломалось";
    fault_text: "We have written it down. Try again; if it stays, tell us the code below.",
        "Мы записали ошибку. Попробуйте ещё раз, а если не поможет, назовите нам код ниже.";
    error_code: "Code", "Код";
    try_again: "Try again", "Попробовать снова";
    to_home: "To the help centre", "В центр поддержки";
}

/// What a ticket is about.
pub fn category(lang: Language, category: Category) -> &'static str {
    let (english, russian) = match category {
        Category::Billing => ("Payment and invoices", "Оплата и счета"),
        Category::Technical => ("Something does not work", "Что-то не работает"),
        Category::Booking => ("Booking", "Бронирование"),
        Category::Cancellation => ("Cancelling", "Отмена"),
        Category::Refund => ("Refund", "Возврат денег"),
        Category::Feedback => ("Praise and criticism", "Отзыв"),
        Category::BugReport => ("A fault on the site", "Ошибка на сайте"),
        Category::FeatureRequest => ("An idea", "Предложение"),
        Category::Other => ("Something else", "Другое"),
    };
    if lang == Language::Ru { russian } else { english }
}

/// A ticket's state as its customer sees it: one word, and what it means.
pub fn state(lang: Language, status: Status) -> (&'static str, &'static str) {
    let (english, russian) = match status {
        Status::Open => (
            ("Received", "We have your request and will look at it."),
            ("Принято", "Обращение у нас, скоро посмотрим."),
        ),
        Status::InProgress => (
            ("In progress", "We are working on it."),
            ("В работе", "Мы занимаемся вашим вопросом."),
        ),
        Status::WaitingCustomer => (
            ("Waiting for you", "We need your answer to go on."),
            ("Ждём вас", "Чтобы продолжить, нам нужен ваш ответ."),
        ),
        Status::OnHold => (
            ("On hold", "We are waiting for somebody else and will come back to you."),
            ("Ожидание", "Ждём ответа других служб и вернёмся к вам."),
        ),
        Status::Resolved => (
            ("Solved", "We believe that your question is answered."),
            ("Решено", "Мы считаем, что ответили на ваш вопрос."),
        ),
        Status::Closed => {
            (("Closed", "The request is finished."), ("Закрыто", "Обращение завершено."))
        }
        Status::Reopened => (
            ("Open again", "We are looking at it once more."),
            ("Открыто снова", "Мы смотрим ещё раз."),
        ),
    };
    if lang == Language::Ru { russian } else { english }
}

/// What is wrong with a field, after the API's sentence about it, which is English.
pub fn fault(lang: Language, sentence: &str) -> String {
    let w = words(lang);
    let number = || sentence.split(' ').find_map(|word| word.parse::<i64>().ok());
    let characters = |number| {
        lang.plural(number, ["character", "characters"], ["символа", "символов", "символов"])
    };
    match (sentence, number(), lang) {
        (text, ..) if text.ends_with("must be empty") => w.fault_empty.to_owned(),
        (text, ..) if text.ends_with("is required") => w.fault_required.to_owned(),
        ("Invalid email format", ..) => w.fault_email.to_owned(),
        (text, ..) if text.contains("whole number") => w.fault_number.to_owned(),
        (text, Some(least), Language::En) if text.contains("at least") => {
            format!("Please write at least {}.", characters(least))
        }
        (text, Some(least), Language::Ru) if text.contains("at least") => {
            format!("Напишите не меньше {}.", characters(least))
        }
        (text, Some(limit), Language::En) if text.contains("at most") => {
            format!("Please shorten it: at most {}.", characters(limit))
        }
        (text, Some(limit), Language::Ru) if text.contains("at most") => {
            format!("Сократите текст: не больше {}.", characters(limit))
        }
        _ => w.fault_other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_in_its_own_letters() {
        let cyrillic = |text: &str| text.chars().any(|letter| ('а'..='я').contains(&letter));
        for (name, english, russian) in ALL {
            assert!(!cyrillic(english), "{name}: {english}");
            assert!(cyrillic(&russian.to_lowercase()), "{name}: {russian}");
            assert!(!russian.contains('"'), "{name}: «ёлочки», please: {russian}");
        }
    }

    #[test]
    fn the_apis_faults_are_told_in_the_readers_language() {
        for (sentence, english, russian) in [
            ("Subject is required", "Please fill this in.", "Заполните это поле."),
            (
                "Description must be at least 10 characters",
                "Please write at least 10\u{a0}characters.",
                "Напишите не меньше 10\u{a0}символов.",
            ),
            (
                "Subject must be at most 255 characters",
                "Please shorten it: at most 255\u{a0}characters.",
                "Сократите текст: не больше 255\u{a0}символов.",
            ),
        ] {
            assert_eq!(fault(Language::En, sentence), english);
            assert_eq!(fault(Language::Ru, sentence), russian);
        }
    }
}
