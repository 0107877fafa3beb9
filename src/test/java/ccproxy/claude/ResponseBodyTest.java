package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
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
    private static final int LINES_BYTES_MAX = HttpConnection.LINES_BYTES_MAX;

    private static String answer(String headers, String body) {
        return "HTTP/1.1 200 OK\r\n" + headers + "\r\n" + body;
    }

    /// The body that these bytes are, sent by an upstream that does not close.
    private static String body(String headers, String body) throws IOException {
        try (var answer = RawAnswer.open(answer(headers, body))) {
            return answer.body();
        }
    }

    private static String chunks(String body) throws IOException {
        return body(CHUNKED, body);
    }

    /// Why it was refused, by an upstream that does not close.
    private static String refusal(String headers, String body) throws IOException {
        try (var answer = RawAnswer.open(answer(headers, body))) {
            IOException e = assertThrows(IOException.class, answer::body);
            assertEquals(IOException.class, e.getClass(), e::toString);
            return e.getMessage();
        }
    }

    private static void assertCut(String headers, String body) throws IOException {
        try (var answer = RawAnswer.of(answer(headers, body))) {
            assertThrows(EOFException.class, answer::body, body);
        }
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
        assertEquals(expected, body(headers.replace("|", "\r\n") + "\r\n", sent));
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
        assertEquals("a wrong length", refusal(headers, "hello"));
    }

    @Test
    void bodyShorterThanItsLengthIsCut() throws Exception {
        String body = "hello";
        for (int i = 0; i < body.length(); i++)
            assertCut("content-length: 5\r\n", body.substring(0, i));
        assertCut("content-length: 999999999999999999\r\n", body);
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
    @CsvSource({
        "'5|hello|0||', hello",
        "'5|hello|6| world|0||more', hello world",
        "'0||', ''",
        "'a|0123456789|A|0123456789|0||', 01234567890123456789",
        "'1c|0123456789012345678901234567|00||', 0123456789012345678901234567",
        "'01C|0123456789012345678901234567|0||', 0123456789012345678901234567"
    })
    void chunksAreJoined(String sent, String expected) throws Exception {
        assertEquals(expected, chunks(sent.replace("|", "\r\n")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "5;name=value|hello|0;last||",
                "5 ; name=\"a;b\"|hello|0 ||",
                "5\t|hello|0||",
                "5|hello|0|trailer: x|other: y||"
            })
    void extensionsAndTrailersMeanNothing(String sent) throws Exception {
        assertEquals("hello", chunks(sent.replace("|", "\r\n")));
    }

    @Test
    void chunkLinesMayEndWithLineFeedsAlone() throws Exception {
        assertEquals("hello", chunks("5\nhello\n0\n\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " 5", ";5", "x", "-5", "+5", "0x5", "5x", "5\u0000", "5\r", "5,5"})
    void chunkWithoutASizeIsRefused(String size) throws Exception {
        assertEquals("a chunk has no size", refusal(CHUNKED, size + "\r\nhello\r\n0\r\n\r\n"));
        assertEquals("a chunk has no size", refusal(CHUNKED, "1\r\nx\r\n" + size + "\r\n"));
    }

    @Test
    void sizeOfAChunkHasFifteenDigits() throws Exception {
        assertEquals("hello", chunks("000000000000005\r\nhello\r\n0\r\n\r\n"));
        String refused = refusal(CHUNKED, "0000000000000005\r\nhello\r\n0\r\n\r\n");
        assertEquals("a chunk is too large", refused);
        assertEquals("a chunk is too large", refusal(CHUNKED, "ffffffffffffffff\r\nx"));
        assertCut(CHUNKED, "fffffffffffffff\r\nx");
    }

    @ParameterizedTest
    @ValueSource(strings = {"5|hello!|0||", "4|hello|0||", "5|hello;|", "5|hello 0||"})
    void dataLongerThanItsChunkIsRefused(String sent) throws Exception {
        assertEquals(
                "a chunk is longer than its size", refusal(CHUNKED, sent.replace("|", "\r\n")));
    }

    @Test
    void chunksThatDoNotEndAreCut() throws Exception {
        String whole = "5;x\r\nhello\r\n1\r\n!\r\n0\r\na: b\r\n\r\n";
        for (int i = 0; i < whole.length(); i++) assertCut(CHUNKED, whole.substring(0, i));
    }

    @Test
    void lineOfAChunkHasALimit() throws Exception {
        String size = "5;" + "x".repeat(LINES_BYTES_MAX - 4);
        assertEquals("hello", chunks(size + "\r\nhello\r\n0\r\n\r\n"));
        assertEquals("a line is too long", refusal(CHUNKED, size + "xxx"));
    }

    @Test
    void trailersHaveALimit() throws Exception {
        String trailers = ("a: " + "x".repeat(61) + "\r\n").repeat(LINES_BYTES_MAX / 64);
        assertEquals("", chunks("0\r\n" + trailers + "\r\n"));
        assertEquals("a long trailer", refusal(CHUNKED, "0\r\n" + trailers + "a\r\n"));
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
        assertEquals("an unknown transfer-encoding", refusal(headers, "0\r\n\r\n"));
    }

    @Test
    void codingIsReadWhateverItsCase() throws Exception {
        assertEquals("x", body("Transfer-Encoding: \tCHUNKED \r\n", "1\r\nx\r\n0\r\n\r\n"));
    }

    @Test
    void lengthBesideChunksIsRefused() throws Exception {
        String length = "content-length: 5\r\n";
        assertEquals("a length beside chunks", refusal(length + CHUNKED, "0\r\n\r\n"));
        assertEquals("a length beside chunks", refusal(CHUNKED + length, "0\r\n\r\n"));
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
    void largeChunksPassTheBufferWhole() throws Exception {
        var expected = new StringBuilder();
        var sent = new StringBuilder();
        for (int size : new int[] {8191, 8192, 8193, 1, 16384, 100_000}) {
            String data = Character.toString('a' + size % 26).repeat(size);
            expected.append(data);
            sent.append(Integer.toHexString(size)).append("\r\n").append(data).append("\r\n");
        }
        assertEquals(expected.toString(), chunks(sent + "0\r\n\r\n"));
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
