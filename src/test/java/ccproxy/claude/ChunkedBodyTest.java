package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Bodies in chunks, as servers send them and as they must not.
@Timeout(20)
class ChunkedBodyTest {
    private static final String HEAD = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    private static final int LINES_BYTES_MAX = HttpConnection.LINES_BYTES_MAX;

    private static String chunks(String sent) throws IOException {
        return RawAnswer.body(HEAD + sent);
    }

    private static String refusal(String sent) throws IOException {
        return RawAnswer.refusal(HEAD + sent);
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
        assertEquals("a chunk has no size", refusal(size + "\r\nhello\r\n0\r\n\r\n"));
        assertEquals("a chunk has no size", refusal("1\r\nx\r\n" + size + "\r\n"));
    }

    @Test
    void sizeOfAChunkHasFifteenDigits() throws Exception {
        assertEquals("hello", chunks("000000000000005\r\nhello\r\n0\r\n\r\n"));
        String refused = refusal("0000000000000005\r\nhello\r\n0\r\n\r\n");
        assertEquals("a chunk is too large", refused);
        assertEquals("a chunk is too large", refusal("ffffffffffffffff\r\nx"));
        RawAnswer.assertCut(HEAD + "fffffffffffffff\r\nx");
    }

    @ParameterizedTest
    @ValueSource(strings = {"5|hello!|0||", "4|hello|0||", "5|hello;|", "5|hello 0||"})
    void dataLongerThanItsChunkIsRefused(String sent) throws Exception {
        assertEquals("a chunk is longer than its size", refusal(sent.replace("|", "\r\n")));
    }

    @Test
    void chunksThatDoNotEndAreCut() throws Exception {
        String whole = "5;x\r\nhello\r\n1\r\n!\r\n0\r\na: b\r\n\r\n";
        for (int i = 0; i < whole.length(); i++) RawAnswer.assertCut(HEAD + whole.substring(0, i));
    }

    @Test
    void lineOfAChunkHasALimit() throws Exception {
        String size = "5;" + "x".repeat(LINES_BYTES_MAX - 4);
        assertEquals("hello", chunks(size + "\r\nhello\r\n0\r\n\r\n"));
        assertEquals("a line is too long", refusal(size + "xxx"));
    }

    @Test
    void trailersHaveALimit() throws Exception {
        String trailers = ("a: " + "x".repeat(61) + "\r\n").repeat(LINES_BYTES_MAX / 64);
        assertEquals("", chunks("0\r\n" + trailers + "\r\n"));
        assertEquals("a long trailer", refusal("0\r\n" + trailers + "a\r\n"));
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
}
