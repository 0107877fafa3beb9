package ccproxy.wire;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/// Bytes of a stream to events, and to events that the log has looked at; per event.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SseReaderBenchmark {
    private static final int EVENTS = 1000;

    /// An event as the API sends it, about a word long.
    static final String EVENT =
            """
            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" token"}}

            """;

    private final byte[] stream = EVENT.repeat(EVENTS).getBytes(StandardCharsets.UTF_8);

    @Benchmark
    @OperationsPerInvocation(EVENTS)
    public void parse(Blackhole hole) throws IOException {
        var reader = new SseReader(new ByteArrayInputStream(stream));
        for (SseEvent event = reader.next(); event != null; event = reader.next())
            hole.consume(event);
    }

    @Benchmark
    @OperationsPerInvocation(EVENTS)
    public Tally parseAndCount() throws IOException {
        var tally = new Tally();
        var reader = new SseReader(new ByteArrayInputStream(stream));
        for (SseEvent event = reader.next(); event != null; event = reader.next()) tally.add(event);
        return tally;
    }
}
