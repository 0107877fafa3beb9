package ccproxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.http.Eventually;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Cases 65, 66 and 78 of the wire format: how bytes become events, wherever they are cut.
class SseReaderTest {
    private static final String STREAM =
            """
            : a comment

            event: content_block_delta
            data: {"text":"北🙂"}

            event:ping
            data:{}

            data: {"type":
            data: "two lines"}
            id: 7
            retry: 10
            unknown

            : before the data
            event: late
            data: {}
            : after the data

            event: without data

            data

            """;

    private static final List<String> EVENTS =
            List.of(
                    "content_block_delta {\"text\":\"北🙂\"}",
                    "ping {}",
                    "two lines {\"type\":\"two lines\"}",
                    "late {}",
                    " ");

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static List<SseEvent> events(InputStream in) throws IOException {
        var reader = new SseReader(in);
        var events = new ArrayList<SseEvent>();
        for (; ; ) {
            try {
                SseEvent event = reader.next();
                if (event == null) return events;
                events.add(event);
            } catch (SocketTimeoutException _) {
                continue; // Nothing is lost: ask again.
            }
        }
    }

    private static List<String> told(List<SseEvent> events) {
        return events.stream()
                .map(e -> e.name() + " " + (e.json().isMissingNode() ? "" : Json.text(e.json())))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n", "\r"})
    void everyLineEndAndEveryCutGiveTheSameEvents(String lineEnd) throws IOException {
        byte[] bytes = utf8(STREAM.replace("\n", lineEnd));
        for (int cut = 0; cut <= bytes.length; cut++) {
            assertEquals(EVENTS, told(events(new CutStream(bytes, cut, false))), "cut at " + cut);
            assertEquals(
                    EVENTS, told(events(new CutStream(bytes, cut, true))), "time-out at " + cut);
        }
    }

    @Test
    void singleBytesGiveTheSameEvents() throws IOException {
        var drop =
                new ByteArrayInputStream(utf8(STREAM)) {
                    @Override
                    public int read(byte[] to, int from, int length) {
                        return super.read(to, from, 1);
                    }
                };
        assertEquals(EVENTS, told(events(drop)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n", "\r"})
    void framesKeepTheirBytes(String lineEnd) throws IOException {
        String frame = "event: a\n: c\ndata: {\"a\": 1 }\n\n".replace("\n", lineEnd);
        byte[] bytes = utf8(frame + frame);
        List<SseEvent> events = events(new ByteArrayInputStream(bytes));
        assertEquals(2, events.size());
        for (SseEvent event : events) assertEquals(frame, event.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "\r", "\r\n"})
    void theLastEventNeedsNoEmptyLine(String end) throws IOException {
        byte[] bytes = utf8("event: a\ndata: {}\n\nevent: b\ndata: {\"n\":1}" + end);
        for (int cut = 0; cut <= bytes.length; cut++) {
            List<SseEvent> events = events(new CutStream(bytes, cut, false));
            assertEquals(List.of("a {}", "b {\"n\":1}"), told(events));
            byte[] forwarded = events.getLast().raw();
            assertEquals(
                    List.of("b {\"n\":1}"),
                    told(events(new ByteArrayInputStream(forwarded))),
                    "forwarded, it is still an event");
            assertTrue(new String(forwarded, StandardCharsets.UTF_8).endsWith("\n\n"));
        }
    }

    @Test
    void commentsAloneAreNoEvent() throws IOException {
        assertEquals(List.of(), events(new ByteArrayInputStream(utf8(": ping\n\n: ping\n\n"))));
        assertEquals(List.of(), events(new ByteArrayInputStream(utf8(""))));
        assertEquals(List.of(), events(new ByteArrayInputStream(utf8("event: a"))));
    }

    @Test
    void anEventAtHandIsKnownWithoutWaiting() throws IOException {
        // What is "there" is what available() says; a half event is not at hand.
        var reader = new SseReader(new ByteArrayInputStream(utf8("data: 1\n\ndata: 2\n\nda")));
        assertTrue(reader.isReady());
        assertTrue(reader.isReady());
        assertEquals("data: 1\n\n", reader.next().toString());
        assertTrue(reader.isReady());
        assertEquals("data: 2\n\n", reader.next().toString());
        assertFalse(reader.isReady());
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n", "\r"})
    void askingWhetherAnEventIsReadyLosesNothing(String lineEnd) throws IOException {
        byte[] bytes = utf8(STREAM.replace("\n", lineEnd));
        var reader = new SseReader(new ByteArrayInputStream(bytes));
        var ready = new ArrayList<SseEvent>();
        while (reader.isReady()) {
            SseEvent event = reader.next();
            if (event == null) break;
            ready.add(event);
        }

        assertEquals(EVENTS, told(ready));
        for (int cut = 0; cut <= bytes.length; cut++) {
            var slow = new SseReader(new CutStream(bytes, cut, false));
            assertFalse(slow.isReady(), "nothing is at hand");
            var all = new ArrayList<SseEvent>();
            for (SseEvent event = slow.next(); event != null; event = slow.next()) {
                all.add(event);
                slow.isReady();
            }
            assertEquals(EVENTS, told(all), "cut at " + cut);
        }
    }

    @Test
    void anEventMayBeAsLargeAsTheLimit() throws IOException {
        int most = 100;
        String frame = "data: " + "x".repeat(most - 8) + "\n\n";
        for (int i = 0; i < 3; i++) {
            var reader = new SseReader(new ByteArrayInputStream(utf8(frame + frame)), most);
            assertEquals(frame, reader.next().toString());
            assertEquals(frame, reader.next().toString());
            frame = frame.substring(0, 6) + frame.substring(7);
        }
        String larger = "data: " + "x".repeat(most - 7) + "\n\n";
        var reader = new SseReader(new ByteArrayInputStream(utf8(larger)), most);
        assertThrows(IOException.class, reader::next);
    }

    @Test
    void manyDataLinesTakeLinearTime() throws IOException {
        byte[] bytes = utf8("data: x\n".repeat(500_000) + "\n");
        long begun = System.nanoTime();
        assertEquals(1, events(new ByteArrayInputStream(bytes)).size());
        Eventually.assertSoon(begun);
    }
}
