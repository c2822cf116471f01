//! Makes a topic, writes records, and reads them back: kafka ADDRESS.
use rskafka::client::{
    partition::{Compression, OffsetAt, UnknownTopicHandling},
    ClientBuilder,
};
use rskafka::record::Record;
use std::collections::BTreeMap;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let addr = std::env::args().nth(1).ok_or("kafka ADDRESS")?;
    let client = ClientBuilder::new(vec![addr]).build().await?;
    client.controller_client()?.create_topic("rust", 1, 1, 5_000).await?;
    let partition = client.partition_client("rust", 0, UnknownTopicHandling::Retry).await?;
    let records = (0..100)
        .map(|i| Record {
            key: Some(format!("k{i}").into_bytes()),
            value: Some(format!("{i}").into_bytes()),
            headers: BTreeMap::from([("h".to_owned(), b"x".to_vec())]),
            timestamp: chrono::DateTime::from_timestamp_millis(1_700_000_000_000 + i).unwrap_or_default(),
        })
        .collect();
    partition.produce(records, Compression::NoCompression).await?;
    let end = partition.get_offset(OffsetAt::Latest).await?;
    let (mut next, mut sum) = (0, 0);
    while next < end {
        let (batch, _) = partition.fetch_records(next, 1..1_000_000, 1_000).await?;
        for r in batch {
            sum += String::from_utf8(r.record.value.unwrap_or_default())?.parse::<i64>()?;
            next = r.offset + 1;
        }
    }
    println!("{end} {sum}");
    Ok(())
}
