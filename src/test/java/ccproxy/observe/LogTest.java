package ccproxy.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class LogTest {
    private static final JsonMapper JSON = new JsonMapper();

    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final Log.Output before = configure(Log.Level.INFO, Log.Format.JSON);

    @AfterEach
    void restore() {
        Log.configure(before);
    }

    @Test
    void lineIsOneObjectWithTimeLevelAndMessageFirst() {
        Log.info("session opened").with("session_id", "a").with("turns", 5L).write();
        JsonNode line = onlyLine();
        assertEquals(
                List.of("time", "level", "msg", "session_id", "turns"),
                List.copyOf(line.propertyNames()));
        assertEquals("info", line.path("level").asString());
        assertEquals("session opened", line.path("msg").asString());
        assertEquals(5, line.path("turns").asInt());
        String time = line.path("time").asString();
        assertTrue(time.matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z"), time);
        assertFalse(Instant.parse(time).isAfter(Instant.now()));
    }

    @Test
    void valuesKeepTheirTypes() {
        Log.info("m").with("n", 1.5).with("nan", Double.NaN).with("b", true).write();
        JsonNode line = onlyLine();
        assertEquals(1.5, line.path("n").asDouble());
        assertTrue(line.path("nan").isNull());
        assertTrue(line.path("b").isBoolean());
    }

    @Test
    void nullIsNull() {
        Log.info("m").with("model", null).write();
        assertTrue(onlyLine().path("model").isNull());
    }

    @Test
    void noValueEndsItsLineOrItsString() {
        String hostile = "a\"}\r\n{\"level\":\"info\"}\u2028\u2029\u0000\u001b[2J\u0085\\ \t";
        Log.info(hostile).with("v", hostile).with("na\"me\n", "x").write();
        String raw = text();
        assertEquals(1, raw.lines().count());
        assertFalse(raw.strip().codePoints().anyMatch(Character::isISOControl));
        assertFalse(raw.contains("\u2028") || raw.contains("\u2029"));
        assertEquals(hostile, onlyLine().path("v").asString());
        assertEquals(hostile, onlyLine().path("msg").asString());
        assertEquals("x", onlyLine().path("na\"me\n").asString());
    }

    @Test
    void loneSurrogateIsReplacedAndPairIsKept() {
        Log.info("m").with("lone", "a\ud800b").with("pair", "😀").write();
        assertEquals("a\ufffdb", onlyLine().path("lone").asString());
        assertEquals("😀", onlyLine().path("pair").asString());
    }

    @Test
    void fieldCannotTakeTheHeadsPlace() {
        Log.info("m").with("level", "error").with("time", "never").write();
        assertEquals("info", onlyLine().path("level").asString());
    }

    @Test
    void longTextIsCutWhereACharacterEnds() {
        Log.info("m").with("long", "😀".repeat(100_000)).write();
        String value = onlyLine().path("long").asString();
        assertTrue(value.endsWith("😀…"), value.substring(value.length() - 4));
        assertTrue(text().getBytes(StandardCharsets.UTF_8).length < 9_000);
    }

    @Test
    void lineStaysUnderItsLimitWhateverIsPutIntoIt() {
        for (var format : Log.Format.values()) {
            Log.configure(new Log.Output(Log.Level.INFO, format, stream()));
            written.reset();
            var line = Log.info("\u0001".repeat(100_000));
            for (int i = 0; i < 200; i++) line.with("field" + i, "é".repeat(10_000));
            line.write();
            assertTrue(written.size() <= 32 * 1024, format + ": " + written.size());
            assertEquals(1, text().lines().count());
        }
    }

    @Test
    void levelBelowTheConfiguredOneIsNotWritten() {
        Log.debug("m").with("a", "b").with("n", 1L).with(new Exception()).write();
        assertEquals("", text());
        assertFalse(Log.writes(Log.Level.DEBUG));
        assertTrue(Log.writes(Log.Level.INFO));
    }

    @Test
    void throwableIsClassAndMessageAndAtErrorLevelItsStack() {
        Log.warn("m").with(new IllegalStateException("why")).write();
        assertEquals("java.lang.IllegalStateException: why", onlyLine().path("error").asString());
        assertTrue(onlyLine().path("stack").isMissingNode());
        written.reset();
        Log.error("m").with(new IllegalStateException()).write();
        assertEquals("java.lang.IllegalStateException", onlyLine().path("error").asString());
        assertTrue(onlyLine().path("stack").asString().contains("LogTest.java"));
    }

    @Test
    void debugLogShowsEveryStack() {
        configure(Log.Level.DEBUG, Log.Format.JSON);
        Log.warn("m").with(new IllegalStateException("why")).write();
        assertTrue(onlyLine().path("stack").asString().contains("LogTest.java"));
    }

    @Test
    void secretsAreMaskedInMessageValueAndError() {
        String key = "sk-ant-api03-0123456789abcdef";
        Log.error("m " + key).with("v", key).with(new Exception("bad " + key)).write();
        assertFalse(text().contains("0123456789abcdef"), text());
    }

    @Test
    void boundRequestIsNamedUnlessTheLineNamesOne() {
        var request = new RequestContext("r-1", "127.0.0.1", "");
        request.run(() -> Log.info("m").write());
        assertEquals("r-1", onlyLine().path("request_id").asString());
        written.reset();
        request.run(() -> Log.info("m").with("request_id", "mine").write());
        assertEquals("mine", onlyLine().path("request_id").asString());
        written.reset();
        Log.info("m").write();
        assertTrue(onlyLine().path("request_id").isMissingNode());
    }

    @Test
    void textIsForPeopleAndStillOneLine() {
        configure(Log.Level.INFO, Log.Format.TEXT);
        Log.info("session\nopened")
                .with("id", "a-1")
                .with("say", "two words")
                .with("n", 3L)
                .write();
        String line = text();
        assertTrue(line.endsWith("Z INFO  session\\nopened id=a-1 say=\"two words\" n=3\n"), line);
    }

    @Test
    void stackInTextIsIndentedSoThatNoLineOfItLooksLikeOurs() {
        configure(Log.Level.INFO, Log.Format.TEXT);
        Log.error("m").with(new Exception("a\n2026-01-01T00:00:00.000Z INFO  forged")).write();
        var lines = text().lines().toList();
        assertTrue(lines.size() > 2);
        assertTrue(lines.stream().skip(1).allMatch(line -> line.startsWith("    ")));
    }

    @Test
    void linesOfManyThreadsNeverMix() throws InterruptedException {
        var calls = new ArrayList<Integer>();
        var out =
                new OutputStream() {
                    @Override
                    public void write(int b) {
                        throw new AssertionError("a byte of its own");
                    }

                    @Override
                    public void write(byte[] bytes, int from, int length) {
                        calls.add(length);
                        written.write(bytes, from, length);
                    }
                };
        Log.configure(Log.Level.INFO, Log.Format.JSON, new PrintStream(out));
        var start = new CountDownLatch(1);
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 8; i++) {
            threads.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                awaited(start);
                                for (int n = 0; n < 100; n++) {
                                    Log.info("m").with("v", "x".repeat(5_000)).write();
                                }
                            }));
        }
        start.countDown();
        for (Thread thread : threads) thread.join();
        assertEquals(800, calls.size());
        var lines = text().lines().map(JSON::readTree).toList();
        assertEquals(800, lines.size());
        assertEquals(
                Set.of(5_000),
                Set.copyOf(lines.stream().map(l -> l.path("v").asString().length()).toList()));
    }

    private static void awaited(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private Log.Output configure(Log.Level level, Log.Format format) {
        return Log.configure(level, format, stream());
    }

    private PrintStream stream() {
        return new PrintStream(written, false, StandardCharsets.UTF_8);
    }

    private String text() {
        return written.toString(StandardCharsets.UTF_8);
    }

    private JsonNode onlyLine() {
        assertTrue(text().endsWith("}\n"), text());
        return JSON.readTree(text());
    }
}
