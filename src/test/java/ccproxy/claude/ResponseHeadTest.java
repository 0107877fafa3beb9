package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Status lines and headers as upstreams, and whoever would like to be one, send them.
@Timeout(20)
class ResponseHeadTest {
    private static final String OK = "HTTP/1.1 200 OK\r\n";

    /// All lines together.
    private static final int BYTES_MAX = HttpConnection.LINES_BYTES_MAX;

    private static ResponseHead head(String bytes) throws IOException {
        try (var answer = RawAnswer.of(bytes)) {
            return answer.head();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "HTTP/2.0 200 OK",
                "HTTP/2 200",
                "HTTP/1.2 200 OK",
                "HTTP/0.9 200 OK",
                "HTTP/1.1 20",
                "HTTP/1.1 2000 OK",
                "HTTP/1.1 099 OK",
                "HTTP/1.1 600 OK",
                "HTTP/1.1 -20 OK",
                "HTTP/1.1 2x0 OK",
                "HTTP/1.1  200 OK",
                "HTTP/1.1\t200 OK",
                "HTTP/1.1 200OK",
                "http/1.1 200 OK",
                "HTTP/1.1",
                " HTTP/1.1 200 OK",
                "ICY 200 OK",
                "SSH-2.0-OpenSSH_9.6",
                "<html>200</html>",
                "\u0000\u0001\u00FF\u00FE\u0016\u0003",
                "HTTP/1.1 200 O\rK"
            })
    void statusLineOfAnotherProtocolIsRefused(String line) throws Exception {
        assertEquals("this is not HTTP/1.1", RawAnswer.refusal(line + "\r\n\r\n"));
    }

    @ParameterizedTest
    @CsvSource({
        "HTTP/1.1 200 OK, 1, 200",
        "HTTP/1.1 200, 1, 200",
        "'HTTP/1.1 200 ', 1, 200",
        "HTTP/1.0 404 Not Found, 0, 404",
        "HTTP/1.1 599 \u00C5\u00E9, 1, 599"
    })
    void statusLineIsRead(String line, int version, int status) throws Exception {
        ResponseHead head = head(line + "\r\n\r\n");
        assertEquals(new ResponseHead(version, status, Map.of()), head);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "no colon",
                ": no name",
                "name : blank before the colon",
                "name\t: tab before the colon",
                "na me: x",
                " folded: line",
                "\tfolded",
                "n\u0000me: x",
                "n\u00E9me: x",
                "na(me): x",
                "\u000Bname: x"
            })
    void headerWithoutANameIsRefused(String line) throws Exception {
        assertEquals(
                "a header has no name", RawAnswer.refusal(OK + "a: b\r\n" + line + "\r\n\r\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0000", "\r", "\u001B", "\u0007", "\u000B", "\f", "\u001C", "\u007F"})
    void controlCharactersInValuesAreRefused(String control) throws Exception {
        String expected = "a header holds control characters";
        assertEquals(expected, RawAnswer.refusal(OK + "a: b" + control + "c\r\n\r\n"));
        assertEquals(expected, RawAnswer.refusal(OK + "a: b" + control + "\r\n\r\n"));
        assertEquals(expected, RawAnswer.refusal(OK + "a: " + control + "b\r\n\r\n"));
        assertEquals(expected, RawAnswer.refusal(OK + "a:" + control + "\r\n\r\n"));
    }

    @Test
    void headersAreReadWhateverTheirCaseAndBlanks() throws Exception {
        ResponseHead head =
                head(
                        OK
                                + "Request-ID:req_1\r\nX-Many: a\r\nx-mANY:\t b\tc \t\r\nempty:\r\nlatin: \u00E9\r\ncolon: a:b\r\n\r\n");
        assertEquals(
                Map.of(
                        "request-id", List.of("req_1"),
                        "x-many", List.of("a", "b\tc"),
                        "empty", List.of(""),
                        "latin", List.of("\u00E9"),
                        "colon", List.of("a:b")),
                head.headers());
        assertEquals("a", head.header("x-many"));
        assertEquals("", head.header("x-none"));
    }

    @Test
    void linesMayEndWithLineFeedsAlone() throws Exception {
        ResponseHead head = head("HTTP/1.1 200 OK\na: b\r\nc: d\n\n");
        assertEquals(Map.of("a", List.of("b"), "c", List.of("d")), head.headers());
    }

    /// One header that makes all lines together this long.
    private static String oneHeader(int bytes) {
        return OK + "a: " + "x".repeat(bytes - "HTTP/1.1 200 OK".length() - "a: ".length());
    }

    @Test
    void oneLongHeaderHasALimit() throws Exception {
        assertEquals(
                BYTES_MAX - "HTTP/1.1 200 OKa: ".length(),
                head(oneHeader(BYTES_MAX) + "\r\n\r\n").header("a").length());
        assertEquals("too many headers", RawAnswer.refusal(oneHeader(BYTES_MAX + 1) + "\r\n\r\n"));
    }

    @Test
    void manyHeadersHaveALimit() throws Exception {
        String line = "abc: " + "x".repeat(11);
        int count = BYTES_MAX / line.length() - 2;
        String lines = OK + (line + "\r\n").repeat(count) + "x";
        int left = BYTES_MAX - "HTTP/1.1 200 OK".length() - count * line.length();
        ResponseHead head = head(lines + ":".repeat(left - 1) + "\r\n\r\n");
        assertEquals(count, head.headers().get("abc").size());
        assertEquals("too many headers", RawAnswer.refusal(lines + ":".repeat(left) + "\r\n\r\n"));
    }

    @Test
    void lineThatDoesNotEndIsRefusedAtTheLimit() throws Exception {
        String start = OK + "a: ";
        int skipped = OK.length();
        String line = "x".repeat(BYTES_MAX - start.length() + skipped);
        assertEquals("a line is too long", RawAnswer.refusal(start + line));
        try (var answer = RawAnswer.open(start + line.substring(1))) {
            answer.connection().readUntil(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(300));
            assertThrows(SocketTimeoutException.class, answer::head);
        }
    }

    @Test
    void headThatComesByteByByteIsReadInTimeAndWhole() throws Exception {
        String bytes = "HTTP/1.1 200 OK\r\na: b\r\ncontent-length: 3\r\n\r\nxyz";
        var isAwaited = new Semaphore(0);
        var waits = new AtomicInteger();
        try (var answer =
                new RawAnswer(c -> {
                    for (char b : bytes.toCharArray()) {
                        if (!isAwaited.tryAcquire(5, TimeUnit.SECONDS)) return;
                        c.bytes("" + b);
                    }
                    c.isClosedByClient();
                })) {
            String body =
                    answer.bodyInPieces(() -> {
                        waits.incrementAndGet();
                        isAwaited.release();
                    });
            assertEquals("xyz", body);
            assertTrue(waits.get() >= bytes.length(), waits + " waits");
        }
    }

    @Test
    void headThatIsCutIsAnError() throws Exception {
        String head = OK + "a: b\r\n\r\n";
        for (int i = 0; i < head.length(); i++) {
            String start = head.substring(0, i);
            assertThrows(IOException.class, () -> head(start), start);
        }
    }

    @Test
    void interimResponsesAreSkipped() throws Exception {
        String interims =
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
                        + "HTTP/1.1 102 Processing\r\n\r\n";
        assertEquals(
                new ResponseHead(1, 200, Map.of("a", List.of("b"))),
                head(interims + OK + "a: b\r\n\r\n"));
    }

    @Test
    void interimResponsesHaveALimit() throws Exception {
        String interim = "HTTP/1.1 100 Continue\r\n\r\n";
        assertEquals(200, head(interim.repeat(7) + OK + "\r\n").status());
        assertEquals(200, head(interim.repeat(8) + OK + "\r\n").status());
        assertEquals("too many interim responses", RawAnswer.refusal(interim.repeat(9)));
    }

    @Test
    void protocolIsNotSwitchedUnasked() throws Exception {
        assertEquals(
                "unasked 101 Switching Protocols",
                RawAnswer.refusal("HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\n"));
    }

    @ParameterizedTest
    @CsvSource({
        "'', true",
        "'connection: keep-alive', true",
        "'Connection: Close', false",
        "'connection: keep-alive, CLOSE', false",
        "'connection:close ,x', false",
        "'connection: closed', true",
        "'x-connection: close', true"
    })
    void connectionIsKeptUnlessTheUpstreamSaysOtherwise(String header, boolean isKept)
            throws Exception {
        String line = header.isEmpty() ? "" : header + "\r\n";
        assertEquals(isKept, head(OK + line + "\r\n").isKept());
        assertFalse(head("HTTP/1.0 200 OK\r\n" + line + "\r\n").isKept());
    }

    @Test
    void everyConnectionHeaderCounts() throws Exception {
        assertFalse(head(OK + "connection: x\r\nconnection: close\r\n\r\n").isKept());
    }
}
