package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LineReaderTest {
    private static final int MAX = 200_000;

    /// A stream that gives no more than so many bytes at once.
    private static InputStream pieces(String text, int size) {
        var in = new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
        return new InputStream() {
            @Override
            public int read() {
                return in.read();
            }

            @Override
            public int read(byte[] bytes, int from, int length) {
                return in.read(bytes, from, Math.min(size, length));
            }
        };
    }

    private static List<String> lines(String text, int size) throws IOException {
        var reader = new LineReader(pieces(text, size), MAX);
        var lines = new ArrayList<String>();
        while (reader.next()) {
            assertEquals(reader.line().length, reader.length());
            lines.add(new String(reader.line(), StandardCharsets.UTF_8));
        }
        assertFalse(reader.next(), "the end stays the end");
        return lines;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 1 << 20})
    void linesAreTheSameInWhateverPiecesTheyCome(int size) throws IOException {
        assertEquals(List.of("a", "", "üñ€", "last"), lines("a\n\nüñ€\nlast\n", size));
        assertEquals(List.of("a", "last"), lines("a\nlast", size), "without a final \\n");
        assertEquals(List.of("a\r", "\rb"), lines("a\r\n\rb\n", size), "\\r is no end");
        assertEquals(List.of(), lines("", size));
        assertEquals(List.of(""), lines("\n", size));
    }

    /// Each boundary of the buffer, which grows for a long line and shrinks after it.
    @ParameterizedTest
    @ValueSource(ints = {65_534, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 199_999})
    void lineAfterALongOneIsReadToo(int length) throws IOException {
        String longLine = "x".repeat(length);
        for (int size : new int[] {1000, 65_536, 1 << 20, length, length + 1}) {
            assertEquals(
                    List.of(longLine, "short", longLine, longLine, "", "end"),
                    lines(longLine + "\nshort\n" + longLine + "\n" + longLine + "\n\nend", size));
        }
    }

    @Test
    void longestLineIsReadAndOneByteMoreIsNot() throws IOException {
        for (int size : new int[] {1, 64, 1 << 20}) {
            for (String end : List.of("\n", "")) {
                for (int length : new int[] {9, 10}) {
                    var reader = new LineReader(pieces("x".repeat(length) + end, size), 10);
                    assertTrue(reader.next());
                    assertEquals(length, reader.length());
                    assertFalse(reader.next());
                }
                var reader = new LineReader(pieces("ok\n" + "x".repeat(11) + end, size), 10);
                assertTrue(reader.next());
                var e = assertThrows(IOException.class, reader::next);
                assertEquals("a line is longer than 10 bytes", e.getMessage());
            }
        }
    }

    @Test
    void lineWithoutEndTakesNoMoreThanItsLimit() {
        var taken = new int[1];
        var endless =
                new InputStream() {
                    @Override
                    public int read() {
                        throw new AssertionError();
                    }

                    @Override
                    public int read(byte[] bytes, int from, int length) {
                        taken[0] += length;
                        return length;
                    }
                };
        var reader = new LineReader(endless, MAX);
        assertThrows(IOException.class, reader::next);
        assertTrue(taken[0] > MAX && taken[0] <= 2 * MAX, taken[0] + " bytes");
    }
}
