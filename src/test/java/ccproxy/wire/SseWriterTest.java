package ccproxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class SseWriterTest {
    @Test
    void everyFrameEndsWithAnEmptyLine() throws IOException {
        var out = new ByteArrayOutputStream();
        var writer = new SseWriter(out);
        writer.event(SseEvent.of("a", "{}".getBytes(StandardCharsets.UTF_8)));
        writer.data("{}".getBytes(StandardCharsets.UTF_8));
        writer.comment();
        writer.ping();
        writer.flush();
        assertEquals(
                "event: a\ndata: {}\n\ndata: {}\n\n: ping\n\nevent: ping\ndata: {\"type\": \"ping\"}\n\n",
                out.toString(StandardCharsets.UTF_8));
    }
}
