//! Deliveries that come twice, late, changed, or from somebody else.

use std::time::Duration;

use assay_messages::{Secret, VerifyError, sign};
use assay_research::Accepted;
use assay_research::pipeline::DeliveryError;

use crate::house::{CURRENT_KEY, House, Options};
use crate::wire::{Delivery, OWN, Webhooks};

fn deliver(house: &House, delivery: &Delivery) -> Result<Accepted, DeliveryError> {
    house.program().pipeline.deliver(&delivery.stage, &delivery.headers, &delivery.body)
}

/// Signed for the research webhook, whatever it says.
fn signed(house: &House, key: &str, body: &str) -> Delivery {
    let url = format!("http://{OWN}/webhooks/research");
    let token = sign(&Secret::new(key), &url, body.as_bytes(), house.now(), "jwt_1", Duration::from_secs(300));
    let mut headers = http::HeaderMap::new();
    headers.insert("upstash-signature", token.parse().unwrap());
    headers.insert("upstash-message-id", "msg_made_up".parse().unwrap());
    Delivery { stage: "research".into(), headers, body: body.to_owned().into() }
}

#[tokio::test]
async fn deliveries_that_come_three_times_are_worked_on_once() {
    let house = House::new(Options::default());
    house.wire.webhooks(Webhooks::Arrive(3));
    let id = house.concept("a small golden cross");
    house.run().await;
    assert_eq!(house.wire.answers(), ["New", "Duplicate", "Duplicate", "New", "Duplicate", "Duplicate"]);
    assert_eq!(house.state(&id), "done");
    assert_eq!(house.count("SELECT count(*) FROM research_verdicts"), 1);
    assert_eq!(house.count("SELECT sum(trials) FROM research_trials"), 16);
    let examined = house.history(&id).iter().filter(|what| *what == "examined").count();
    assert_eq!(examined, 1);
    house.check_ended("three of each");
}

#[tokio::test]
async fn a_delivery_that_is_replayed_changes_nothing() {
    let house = House::new(Options::default());
    house.concept("a small golden cross");
    house.run().await;
    let before = house.everything();
    for delivery in house.wire.deliveries() {
        assert_eq!(deliver(&house, &delivery).unwrap(), Accepted::Duplicate);
    }
    house.run().await;
    assert_eq!(house.everything(), before);
}

#[tokio::test]
async fn a_message_of_an_earlier_generation_is_stale() {
    let house = House::new(Options::default());
    let id = house.concept("a small golden cross");
    house.run().await;
    house.retry(&id).unwrap();
    let before = house.everything();
    for delivery in house.wire.deliveries() {
        assert_eq!(deliver(&house, &delivery).unwrap(), Accepted::Stale);
    }
    assert_eq!(house.everything(), before);
}

#[tokio::test]
async fn a_message_that_arrives_after_its_concept_has_failed_is_stale() {
    let house = House::new(Options::default());
    house.wire.webhooks(Webhooks::Broken);
    let id = house.concept("a small golden cross");
    house.run().await;
    assert_eq!(house.state(&id), "failed");
    let late = house.wire.deliveries().pop().unwrap();
    assert_eq!(deliver(&house, &late).unwrap(), Accepted::Stale);
    house.run().await;
    assert_eq!(house.count("SELECT count(*) FROM research_verdicts"), 0);
    house.check_ended("late");
}

#[tokio::test]
async fn deliveries_that_were_not_made_for_us_are_refused_by_name_and_change_nothing() {
    let house = House::new(Options::default());
    let id = house.concept("a small golden cross");
    house.wire.webhooks(Webhooks::Broken);
    house.step().await;
    let genuine = house.wire.deliveries().pop().unwrap();
    let text = String::from_utf8(genuine.body.to_vec()).unwrap();
    let before = house.everything();
    let with = |edit: &dyn Fn(&mut Delivery)| {
        let mut delivery = genuine.clone();
        edit(&mut delivery);
        delivery
    };
    let other = text.replace(id.as_str(), "c-000000000000");
    for (name, delivery, refused) in [
        ("no signature", with(&|d| drop(d.headers.remove("upstash-signature"))), VerifyError::Missing),
        ("no token", with(&|d| drop(d.headers.insert("upstash-signature", "x".parse().unwrap()))), {
            VerifyError::Malformed("not three parts")
        }),
        ("another key", signed(&house, "sig_of_somebody_else", &text), VerifyError::BadSignature),
        ("another body", with(&|d| d.body = other.clone().into()), VerifyError::BodyMismatch),
        ("one blank more", with(&|d| d.body = format!("{text} ").into()), VerifyError::BodyMismatch),
        ("another stage", with(&|d| d.stage = "validate".into()), VerifyError::WrongSubject),
        ("another path", with(&|d| d.stage = "../webhooks/validate".into()), VerifyError::WrongSubject),
        ("no message id", with(&|d| drop(d.headers.remove("upstash-message-id"))), {
            VerifyError::Malformed("no Upstash-Message-Id")
        }),
    ] {
        match deliver(&house, &delivery) {
            Err(DeliveryError::Forged(fault)) => assert_eq!(fault, refused, "{name}"),
            answer => panic!("{name}: {answer:?}"),
        }
        assert_eq!(house.everything(), before, "{name}");
    }
    // Five minutes of validity and half a minute of leeway.
    house.clock.advance(Duration::from_secs(329));
    let now = house.now();
    house.clock.advance(Duration::from_secs(1));
    assert!(matches!(deliver(&house, &genuine), Err(DeliveryError::Forged(VerifyError::Expired))));
    assert_eq!(house.everything(), before);
    house.clock.set(now);
    assert_eq!(deliver(&house, &genuine).unwrap(), Accepted::New, "the genuine one is taken");
}

#[tokio::test]
async fn signed_messages_that_are_none_of_ours_are_refused_for_good() {
    let house = House::new(Options::default());
    let id = house.concept("a small golden cross");
    let before = house.everything();
    let body = |stage: &str| format!(r#"{{"concept":"{id}","generation":1,"stage":"{stage}","round":0}}"#);
    for text in ["", "{}", "[]", &body("validate"), &body("dreaming"), &body("research").replace('}', ",\"x\":1}")] {
        let answer = deliver(&house, &signed(&house, CURRENT_KEY, text));
        assert!(matches!(answer, Err(DeliveryError::Malformed(_))), "{text}: {answer:?}");
    }
    for text in [
        body("research").replace(id.as_str(), "nobody"),
        body("research").replace("\"generation\":1", "\"generation\":2"),
    ] {
        assert_eq!(deliver(&house, &signed(&house, CURRENT_KEY, &text)).unwrap(), Accepted::Stale, "{text}");
    }
    assert_eq!(house.everything(), before);
}
