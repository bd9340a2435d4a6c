import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads verdicts as another system would, and prints a line a scan: partition, offset, revision, scan_id, decision, codes.
 *
 * <p>Verdicts go out by exception. A record of `verdicts` is a run: the scans at the offsets `from` to `to` of the same
 * partition of `scans` are judged; those it does not list are plain (allowed, no violations, not late, no repeat). So the two
 * topics are read side by side. A run told again after a restart says the same: what is behind `upto` is passed over. A listed
 * verdict with a `revision` is the new one of an earlier scan.
 *
 * <p>javac -cp 'kafka-clients.jar:jackson-databind.jar:…' Verdicts.java; java -cp '….:.' Verdicts BROKER [--to-end]
 */
public final class Verdicts {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final KafkaConsumer<byte[], byte[]> runs;
    private final KafkaConsumer<byte[], byte[]> scans;
    private final Map<Integer, Long> upto = new HashMap<>();
    private final Map<Integer, ArrayDeque<ConsumerRecord<byte[], byte[]>>> waiting = new HashMap<>();

    private Verdicts(String broker) {
        runs = reader(broker, "verdicts");
        scans = reader(broker, "scans");
    }

    public static void main(String[] arguments) throws Exception {
        Verdicts reader = new Verdicts(arguments[0]);
        if (arguments.length > 1 && arguments[1].equals("--to-end")) {
            Map<TopicPartition, Long> ends = reader.runs.endOffsets(reader.runs.assignment());
            while (ends.entrySet().stream().anyMatch(end -> reader.runs.position(end.getKey()) < end.getValue())) {
                reader.read();
            }
        } else {
            while (true) {
                reader.read();
            }
        }
    }

    private void read() throws Exception {
        for (ConsumerRecord<byte[], byte[]> record : runs.poll(Duration.ofMillis(500))) {
            take(record.partition(), JSON.readTree(record.value()));
        }
    }

    private void take(int partition, JsonNode run) throws Exception {
        Map<Long, JsonNode> listed = new HashMap<>();
        for (JsonNode verdict : run.get("verdicts")) {
            if (verdict.has("revision")) {
                print(partition, verdict.get("offset").asLong(), verdict.get("revision").asInt(), verdict);
            } else {
                listed.put(verdict.get("offset").asLong(), verdict);
            }
        }
        long first = Math.max(run.get("from").asLong(), upto.getOrDefault(partition, -1L) + 1);
        for (long offset = first; offset <= run.get("to").asLong(); offset++) {
            JsonNode scan = JSON.readTree(scanAt(partition, offset).value());
            String type = scan.path("type").asText();
            if (listed.containsKey(offset)) {
                print(partition, offset, 0, listed.get(offset));
            } else if (!type.equals("tick") && !type.equals("retired")) { // these stand between the scans
                print(partition, offset, 0, scan);
            }
        }
        upto.merge(partition, run.get("to").asLong(), Math::max);
    }

    /** The record of `scans` there. Offsets of `scans` have no gaps, and runs of a partition come in order. */
    private ConsumerRecord<byte[], byte[]> scanAt(int partition, long offset) {
        ArrayDeque<ConsumerRecord<byte[], byte[]>> own = waiting.computeIfAbsent(partition, ArrayDeque::new);
        while (true) {
            while (own.isEmpty()) {
                scans.poll(Duration.ofMillis(500))
                    .forEach(record -> waiting.computeIfAbsent(record.partition(), ArrayDeque::new).add(record));
            }
            ConsumerRecord<byte[], byte[]> next = own.remove();
            if (next.offset() == offset) {
                return next;
            }
        }
    }

    private static void print(int partition, long offset, int revision, JsonNode said) {
        String decision = said.has("rejected") ? "rejected" : said.path("decision").asText("allow");
        StringBuilder codes = new StringBuilder();
        for (JsonNode violation : said.path("violations")) {
            codes.append(codes.isEmpty() ? "" : ",").append(violation.get("code").asText());
        }
        String scanId = said.path("scan_id").asText();
        System.out.println(String.join("\t", "" + partition, "" + offset, "" + revision, scanId, decision, codes));
    }

    private static KafkaConsumer<byte[], byte[]> reader(String broker, String topic) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", broker);
        settings.put("enable.auto.commit", "false");
        KafkaConsumer<byte[], byte[]> consumer =
            new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        List<TopicPartition> all = consumer.partitionsFor(topic).stream()
            .map(one -> new TopicPartition(topic, one.partition())).collect(Collectors.toList());
        consumer.assign(all);
        consumer.seekToBeginning(all);
        return consumer;
    }
}
