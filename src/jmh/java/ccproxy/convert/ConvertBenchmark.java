package ccproxy.convert;

import ccproxy.wire.MessageEvent;
import ccproxy.wire.ModelRules;
import ccproxy.wire.SseEvent;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// A Chat Completions request to a Messages request, and an event to its chunk.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ConvertBenchmark {
    private static final byte[] DELTA =
            utf8(
                    """
                    {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" token"}}\
                    """);

    /// So many turns of a question and an answer.
    @Param({"1", "100"})
    int turns;

    private byte[] request;
    private ChunkEncoder encoder;

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static ChatToMessages.Converted converted(byte[] body) {
        var options = new ChatToMessages.Options(rules(), "", "2023-06-01", false, _ -> List.of());
        var display = new ChatToMessages.Display(1_767_225_600, "chatcmpl-0", "fp_1", "field");
        return ChatRequest.of(body).convert(options, display, new Warnings(false));
    }

    private static ModelRules rules() {
        return new ModelRules(
                "claude-sonnet-5-5",
                64_000,
                Set.of("adaptive"),
                List.of("low", "high"),
                "",
                true,
                true,
                true,
                ModelRules.Sampling.NONE,
                false,
                true,
                false,
                "");
    }

    private static SseEvent event(String name, String json) {
        return SseEvent.of(name, utf8(json));
    }

    @Setup(Level.Iteration)
    public void prepare() {
        String turn =
                """
                {"role":"user","content":"The quick brown fox jumps over the lazy dog."},
                {"role":"assistant","content":"Pack my box with five dozen liquor jugs."},
                """;
        request =
                utf8(
                        """
                        {"model":"claude-sonnet-5-5","max_tokens":1024,"stream":true,"messages":[
                        {"role":"system","content":"You are a helpful assistant."},
                        """
                                + turn.repeat(turns)
                                + "{\"role\":\"user\",\"content\":\"Go on.\"}]}");
        encoder = converted(request).answers().chunks();
        encode("message_start", "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\"}}");
        encode(
                "content_block_start",
                "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}");
    }

    private List<byte[]> encode(String name, String json) {
        return encoder.encode(MessageEvent.of(event(name, json)));
    }

    @Benchmark
    public byte[] request() {
        return converted(request).request().body();
    }

    @Benchmark
    public List<byte[]> chunk() {
        return encoder.encode(MessageEvent.of(SseEvent.of("content_block_delta", DELTA)));
    }
}
