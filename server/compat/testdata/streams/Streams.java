import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.*;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.*;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.test.TestRecord;

/**
 * Runs small topologies of Kafka Streams. It reads, line by line: "S kind" (a topology), "I topic key
 * value time" (a record; null is NULL), "E" (run them); and writes the records of topic o as "O key value
 * time", with "E" behind them. A windowed key is key@start, of a session key@start-end.
 */
public class Streams {
  static final Serde<String> TEXT = Serdes.String();
  static final Consumed<String, String> IN = Consumed.with(TEXT, TEXT);
  static final Produced<String, String> OUT = Produced.with(TEXT, TEXT);
  static final ValueJoiner<String, String, String> JOIN = (l, r) -> l + "|" + r;
  static final ValueJoiner<String, String, String> FLIPPED = (r, l) -> l + "|" + r;

  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    String kind = null;
    List<String[]> records = new ArrayList<>();
    StringBuilder out = new StringBuilder();
    for (String line; (line = in.readLine()) != null; ) {
      String[] words = line.split(" ");
      switch (words[0]) {
        case "S" -> { kind = words[1]; records.clear(); }
        case "I" -> records.add(words);
        default -> { run(kind.split(":"), records, out); out.append("E\n"); }
      }
    }
    System.out.print(out);
  }

  static Duration ms(String text) { return Duration.ofMillis(Long.parseLong(text)); }

  /** The first letter of a value refers to a row of another table; n is NULL. */
  static String reference(String value) { return value == null || value.startsWith("n") ? null : value.substring(0, 1); }

  static KTable<String, String> table(StreamsBuilder b, String topic) { return b.table(topic, IN, Materialized.as("table-" + topic)); }

  static void run(String[] k, List<String[]> records, StringBuilder out) throws Exception {
    StreamsBuilder b = new StreamsBuilder();
    long size = -1; // of windows; 0: sessions
    boolean counts = false;
    switch (k[0]) {
      case "stream-stream" -> streams(b, k);
      case "stream-table" -> {
        KStream<String, String> l = b.stream("l", IN);
        KTable<String, String> r = table(b, "r");
        (k[1].equals("INNER") ? l.join(r, JOIN, Joined.with(TEXT, TEXT, TEXT)) : l.leftJoin(r, JOIN, Joined.with(TEXT, TEXT, TEXT))).to("o", OUT);
      }
      case "table-table" -> {
        KTable<String, String> joined = tables(k[1], table(b, "l"), table(b, "r"));
        if (k.length > 2) {
          joined = tables(k[2], joined, table(b, "x"));
        }
        joined.toStream().to("o", OUT);
      }
      case "foreign-key" -> {
        KTable<String, String> l = table(b, "l"), r = table(b, "r");
        (k[1].equals("INNER") ? l.join(r, Streams::reference, JOIN, Materialized.with(TEXT, TEXT))
            : l.leftJoin(r, Streams::reference, JOIN, Materialized.with(TEXT, TEXT))).toStream().to("o", OUT);
      }
      case "window" -> {
        size = Long.parseLong(k[1]);
        counts = true;
        var windowed = grouped(b).windowedBy(TimeWindows.ofSizeAndGrace(ms(k[1]), ms(k[3])).advanceBy(ms(k[2])));
        Materialized<String, Long, WindowStore<Bytes, byte[]>> store = Materialized.with(TEXT, Serdes.Long());
        // Kafka Streams forgets windows before it emits them when time jumps: keep them.
        (k[4].equals("FINAL") ? windowed.emitStrategy(EmitStrategy.onWindowClose()).count(store.withRetention(Duration.ofDays(1))) : windowed.count(store))
            .toStream().to("o", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, size), Serdes.Long()));
      }
      case "session" -> {
        size = 0;
        counts = true;
        var windowed = grouped(b).windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(k[1]), ms(k[2])));
        (k[3].equals("FINAL") ? windowed.emitStrategy(EmitStrategy.onWindowClose()) : windowed).count(Materialized.with(TEXT, Serdes.Long()))
            .toStream().to("o", Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.Long()));
      }
      case "table-groups" -> {
        counts = true;
        table(b, "l").groupBy((key, v) -> KeyValue.pair(reference(v), v), Grouped.with(TEXT, TEXT)).count(Materialized.with(TEXT, Serdes.Long()))
            .toStream().to("o", Produced.with(TEXT, Serdes.Long()));
      }
      default -> throw new IllegalArgumentException(k[0]);
    }
    drive(b.build(), records, size, counts, out);
  }

  static KGroupedStream<String, String> grouped(StreamsBuilder b) {
    return b.stream("l", IN).filter((key, v) -> v != null).groupByKey(Grouped.with(TEXT, TEXT));
  }

  @SuppressWarnings("deprecation")
  static void streams(StreamsBuilder b, String[] k) {
    KStream<String, String> l = b.stream("l", IN), r = b.stream("r", IN);
    Duration before = ms(k[2]), after = ms(k[3]);
    JoinWindows w = k[4].equals("none") ? JoinWindows.of(Duration.ZERO) : JoinWindows.ofTimeDifferenceAndGrace(Duration.ZERO, ms(k[4]));
    StreamJoined<String, String, String> with = StreamJoined.with(TEXT, TEXT, TEXT);
    JoinWindows straight = w.before(before).after(after);
    (switch (k[1]) {
      case "INNER" -> l.join(r, JOIN, straight, with);
      case "LEFT" -> l.leftJoin(r, JOIN, straight, with);
      case "RIGHT" -> r.leftJoin(l, FLIPPED, w.before(after).after(before), with);
      default -> l.outerJoin(r, JOIN, straight, with);
    }).to("o", OUT);
  }

  static KTable<String, String> tables(String type, KTable<String, String> l, KTable<String, String> r) {
    return switch (type) {
      case "INNER" -> l.join(r, JOIN);
      case "LEFT" -> l.leftJoin(r, JOIN);
      case "RIGHT" -> r.leftJoin(l, FLIPPED);
      default -> l.outerJoin(r, JOIN);
    };
  }

  static void drive(Topology topology, List<String[]> records, long size, boolean counts, StringBuilder out) throws Exception {
    Properties p = new Properties();
    p.put(StreamsConfig.APPLICATION_ID_CONFIG, "compared");
    p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "nowhere:1");
    p.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    p.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    p.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    p.put(StreamsConfig.STATE_DIR_CONFIG, Files.createTempDirectory("streams").toString());
    p.put("__emit.interval.ms.kstreams.outer.join.spurious.results.fix__", "0");
    p.put("__emit.interval.ms.kstreams.windowed.aggregation__", "0");
    try (TopologyTestDriver driver = new TopologyTestDriver(topology, p, Instant.EPOCH)) {
      Map<String, TestInputTopic<String, String>> inputs = new HashMap<>();
      TestOutputTopic<byte[], byte[]> o = driver.createOutputTopic("o", new ByteArrayDeserializer(), new ByteArrayDeserializer());
      for (String[] r : records) {
        inputs.computeIfAbsent(r[1], t -> driver.createInputTopic(t, new StringSerializer(), new StringSerializer()))
            .pipeInput(nullable(r[2]), nullable(r[3]), Long.parseLong(r[4]));
        while (!o.isEmpty()) {
          TestRecord<byte[], byte[]> got = o.readRecord();
          String value = got.value() == null ? "null" : counts ? "" + new LongDeserializer().deserialize("o", got.value()) : new String(got.value());
          out.append("O ").append(key(got.key(), size)).append(' ').append(value).append(' ').append(got.timestamp()).append('\n');
        }
      }
    }
  }

  static String nullable(String text) { return text.equals("null") ? null : text; }

  static String key(byte[] bytes, long size) {
    if (bytes == null) {
      return "null";
    } else if (size < 0) {
      return new String(bytes);
    } else if (size == 0) {
      Windowed<String> w = new SessionWindowedDeserializer<>(new StringDeserializer()).deserialize("o", bytes);
      return w.key() + "@" + w.window().start() + "-" + w.window().end();
    }
    Windowed<String> w = new TimeWindowedDeserializer<>(new StringDeserializer(), size).deserialize("o", bytes);
    return w.key() + "@" + w.window().start();
  }
}
