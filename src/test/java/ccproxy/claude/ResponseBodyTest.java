package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Where a body ends: never early, never late, and never when two readers could disagree.
@Timeout(20)
class ResponseBodyTest {
    private static final String CHUNKED = "transfer-encoding: chunked\r\n";

    private static String answer(String headers, String body) {
        return "HTTP/1.1 200 OK\r\n" + headers + "\r\n" + body;
    }

    @ParameterizedTest
    @CsvSource({
        "'content-length: 5', hello and more, hello",
        "'content-length: 0', more, ''",
        "'content-length: 000000000000000005', hello and more, hello",
        "'Content-Length:5 ', hello, hello",
        "'content-length: 5|content-length: 5', hello and more, hello"
    })
    void lengthEndsTheBody(String headers, String sent, String expected) throws Exception {
        assertEquals(expected, RawAnswer.body(answer(headers.replace("|", "\r\n") + "\r\n", sent)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "5|content-length: 6",
                "5|content-length: 05",
                "5|content-length:",
                "5, 5",
                "5,6",
                "-5",
                "-0",
                "+5",
                "0x5",
                "5 5",
                "5.0",
                "5;",
                "",
                "\u0665",
                "1000000000000000000",
                "9999999999999999999"
            })
    void lengthThatCanBeReadTwoWaysIsRefused(String length) throws Exception {
        String headers = "content-length: " + length.replace("|", "\r\n") + "\r\n";
        assertEquals("a wrong length", RawAnswer.refusal(answer(headers, "hello")));
    }

    @Test
    void bodyShorterThanItsLengthIsCut() throws Exception {
        String body = "hello";
        for (int i = 0; i < body.length(); i++)
            RawAnswer.assertCut(answer("content-length: 5\r\n", body.substring(0, i)));
        RawAnswer.assertCut(answer("content-length: 999999999999999999\r\n", body));
    }

    @Test
    void closeEndsABodyOfNoLength() throws Exception {
        try (var answer = RawAnswer.of(answer("", "all\r\n\r\nof it"))) {
            assertEquals("all\r\n\r\nof it", answer.body());
        }
        try (var answer = RawAnswer.of("HTTP/1.0 200 OK\r\n\r\nall of it")) {
            assertEquals("all of it", answer.body());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 304})
    void statusWithoutABodyHasNone(int status) throws Exception {
        String head = "HTTP/1.1 " + status + " x\r\ncontent-length: 5\r\n\r\n";
        try (var answer = RawAnswer.open(head)) {
            assertEquals("", answer.body());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "gzip, chunked",
                "chunked, chunked",
                "chunked|transfer-encoding: chunked",
                "chunked|transfer-encoding: identity",
                "identity",
                "gzip",
                "xchunked",
                "chunked;q=1",
                "\"chunked\"",
                ""
            })
    void codingOtherThanChunkedIsRefused(String coding) throws Exception {
        String headers = "transfer-encoding: " + coding.replace("|", "\r\n") + "\r\n";
        assertEquals(
                "an unknown transfer-encoding", RawAnswer.refusal(answer(headers, "0\r\n\r\n")));
    }

    @Test
    void codingIsReadWhateverItsCase() throws Exception {
        assertEquals(
                "x",
                RawAnswer.body(answer("Transfer-Encoding: \tCHUNKED \r\n", "1\r\nx\r\n0\r\n\r\n")));
    }

    @Test
    void lengthBesideChunksIsRefused() throws Exception {
        String length = "content-length: 5\r\n";
        assertEquals(
                "a length beside chunks", RawAnswer.refusal(answer(length + CHUNKED, "0\r\n\r\n")));
        assertEquals(
                "a length beside chunks", RawAnswer.refusal(answer(CHUNKED + length, "0\r\n\r\n")));
    }

    @Test
    void chunksOfAnOldVersionAreRefused() throws Exception {
        try (var answer = RawAnswer.open("HTTP/1.0 200 OK\r\n" + CHUNKED + "\r\n0\r\n\r\n")) {
            IOException e = assertThrows(IOException.class, answer::body);
            assertEquals("an unknown transfer-encoding", e.getMessage());
        }
    }

    /// Reads what comes in two pieces, the second once the first was read and waited after.
    private static String inTwoPieces(String bytes, int cut) throws Exception {
        var isWritten = new CountDownLatch(1);
        var isAwaited = new CountDownLatch(1);
        try (var answer =
                new RawAnswer(c -> {
                    c.bytes(bytes.substring(0, cut));
                    isWritten.countDown();
                    RawUpstream.await(isAwaited);
                    c.bytes(bytes.substring(cut));
                    c.isClosedByClient();
                })) {
            RawUpstream.await(isWritten);
            return answer.bodyInPieces(isAwaited::countDown);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'content-length: 5', hello, hello",
        "'transfer-encoding: chunked', '5;x|hello|B| over there|00|a: b||', hello over there"
    })
    void bodyIsTheSameWhereverItIsCut(String header, String sent, String expected)
            throws Exception {
        String bytes = answer(header + "\r\n", sent.replace("|", "\r\n"));
        for (int cut = 0; cut < bytes.length(); cut++)
            assertEquals(expected, inTwoPieces(bytes, cut), "cut at " + cut);
    }

    @Test
    void bytesAfterTheBodyStayUnread() throws Exception {
        try (var answer = RawAnswer.open(answer(CHUNKED, "1\r\nx\r\n0\r\n\r\nmore"))) {
            assertEquals("x", answer.body());
            assertEquals(4, answer.connection().buffered());
        }
    }

    @Test
    void availableTellsWhetherAReadWouldWait() throws Exception {
        try (var answer = RawAnswer.open(answer(CHUNKED, "2\r\nxy\r\n1"))) {
            ResponseHead head = answer.head();
            var body = new ResponseBody(answer.connection(), head.bodyLength(), () -> {});
            assertEquals('x', body.read());
            assertTrue(body.hasRead());
            assertEquals(1, body.available());
            assertEquals('y', body.read());
            assertEquals(0, body.available());
        }
        var empty = new ResponseBody(new HttpConnection(), 0, () -> {});
        assertEquals(1, empty.available());
        assertEquals(-1, empty.read());
        assertFalse(empty.hasRead());
    }
}
