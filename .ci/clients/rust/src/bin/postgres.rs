//! Makes a stream, writes rows with parameters, and reads them back: postgres HOST PORT.
use tokio_postgres::NoTls;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (host, port) = (args.next().ok_or("HOST")?, args.next().ok_or("PORT")?);
    let (client, connection) = tokio_postgres::connect(&format!("host={host} port={port} user=u dbname=d"), NoTls).await?;
    tokio::spawn(connection);
    client
        .batch_execute("CREATE STREAM rust (k VARCHAR KEY, n BIGINT, x DOUBLE, b BOOLEAN) WITH (kafka_topic='rust', value_format='JSON', partitions=1)")
        .await?;
    for i in 0..10i64 {
        client
            .execute("INSERT INTO rust (k, n, x, b) VALUES ($1, $2, $3, $4)", &[&format!("k{i}"), &i, &(i as f64 / 2.0), &(i % 2 == 0)])
            .await?;
    }
    let rows = client.query("SELECT k, n, x, b FROM rust WHERE n >= $1 ORDER BY n", &[&5i64]).await?;
    for row in rows {
        let (k, n, x, b): (&str, i64, f64, bool) = (row.get(0), row.get(1), row.get(2), row.get(3));
        println!("{k} {n} {x} {b}");
    }
    Ok(())
}
