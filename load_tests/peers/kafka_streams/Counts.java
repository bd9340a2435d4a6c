import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Kafka Streams: one look-up in an in-memory store with its changelog, one verdict a scan. Settings and why: ../README.md. */
public final class Counts {
    private static final String STORE = "counts";

    /** The fields the peers read; Jackson passes over the others. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public static final class Scan {
        public String scan_id;
        public String label;
        public String type;
    }

    @JsonPropertyOrder({"scan_id", "label", "type", "decision", "count"})
    public record Verdict(String scan_id, String label, String type, String decision, long count) {}

    private static final class Count implements FixedKeyProcessor<String, byte[], byte[]> {
        private final ObjectReader scans = new ObjectMapper().readerFor(Scan.class);
        private final ObjectWriter verdicts = new ObjectMapper().writerFor(Verdict.class);
        private final boolean output;
        private FixedKeyProcessorContext<String, byte[]> context;
        private KeyValueStore<String, Long> counts;

        Count(final boolean output) {
            this.output = output;
        }

        @Override
        public void init(final FixedKeyProcessorContext<String, byte[]> given) {
            context = given;
            counts = given.getStateStore(STORE);
        }

        @Override
        public void process(final FixedKeyRecord<String, byte[]> record) {
            try {
                final Scan scan = scans.readValue(record.value());
                if ("tick".equals(scan.type)) {
                    return;
                }
                final Long before = counts.get(scan.label);
                final long count = before == null ? 1 : before + 1;
                counts.put(scan.label, count);
                if (output) {
                    final Verdict verdict = new Verdict(scan.scan_id, scan.label, scan.type, "allow", count);
                    context.forward(record.withValue(verdicts.writeValueAsBytes(verdict)));
                }
            } catch (final IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }

    private static Properties settings(final Map<String, String> told) {
        final Properties settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, told.get("BENCH_BROKER"));
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, told.get("BENCH_GROUP"));
        settings.put(StreamsConfig.STATE_DIR_CONFIG, told.get("BENCH_FOLDER"));
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 500);
        settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 20_000);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.ACKS_CONFIG), "all");
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 5);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 * 1024);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), 128 * 1024 * 1024);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 5000);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 4 * 1024 * 1024);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), 120_000);
        return settings;
    }

    public static void main(final String[] args) throws InterruptedException {
        final Map<String, String> told = System.getenv();
        final boolean output = "on".equals(told.get("BENCH_OUTPUT"));
        final StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(
            Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(STORE), Serdes.String(), Serdes.Long()));
        final var judged = builder
            .stream("scans", Consumed.with(Serdes.String(), Serdes.ByteArray()))
            .processValues(() -> new Count(output), STORE);
        if (output) {
            judged.to("verdicts", Produced.with(Serdes.String(), Serdes.ByteArray()));
        }
        final KafkaStreams streams = new KafkaStreams(builder.build(), settings(told));
        final CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close();
            ended.countDown();
        }));
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
            return null;
        });
        streams.start();
        ended.await();
    }
}
