package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Bodies that are collected: how large they may be, packed and unpacked.
@Timeout(20)
class WholeBodyTest {
    private static final byte[] JSON =
            "{\"type\":\"message\"}".repeat(100).getBytes(StandardCharsets.UTF_8);

    /// So many zeros, as they come from a socket.
    private static InputStream zeros(long size) {
        return new InputStream() {
            private long left = size;

            @Override
            public int read() {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0];
            }

            @Override
            public int read(byte[] bytes, int offset, int length) {
                if (left == 0) return -1;
                int count = (int) Math.min(left, length);
                left -= count;
                return count;
            }
        };
    }

    private static byte[] zipped(InputStream plain) throws IOException {
        var zipped = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(zipped)) {
            byte[] piece = new byte[64 << 10];
            for (int n = plain.read(piece, 0, piece.length); n > 0; ) {
                out.write(piece, 0, n);
                n = plain.read(piece, 0, piece.length);
            }
        }
        return zipped.toByteArray();
    }

    private static byte[] zipped(byte[] plain) throws IOException {
        return zipped(new ByteArrayInputStream(plain));
    }

    private static byte[] collected(InputStream in, boolean isZipped) throws IOException {
        var whole = new WholeBody();
        while (whole.read(in)) {}
        return whole.bytes(isZipped);
    }

    private static byte[] unzipped(byte[] zipped) throws IOException {
        return collected(new ByteArrayInputStream(zipped), true);
    }

    @Test
    void bodyHasALimit() throws Exception {
        assertEquals(WholeBody.BYTES_MAX, collected(zeros(WholeBody.BYTES_MAX), false).length);
        for (long size : new long[] {WholeBody.BYTES_MAX + 1L, Long.MAX_VALUE}) {
            var e = assertThrows(IOException.class, () -> collected(zeros(size), false));
            assertEquals("the answer is too large", e.getMessage());
        }
    }

    /// A length that is told saves growing; one that is wrong costs nothing but that.
    @Test
    void expectedLengthIsOnlyAHint() throws Exception {
        for (long told : new long[] {-2, -1, 0, 1, 999, 1000, 1001, Long.MAX_VALUE}) {
            var whole = new WholeBody();
            whole.expect(told);
            var in = new ByteArrayInputStream(new byte[1000]);
            while (whole.read(in)) {}
            assertEquals(1000, whole.bytes(false).length, "told " + told);
        }
    }

    @Test
    void unzippedBodyHasTheSameLimit() throws Exception {
        assertEquals(WholeBody.BYTES_MAX, unzipped(zipped(zeros(WholeBody.BYTES_MAX))).length);
        byte[] bomb = zipped(zeros(WholeBody.BYTES_MAX + 1L));
        var e = assertThrows(IOException.class, () -> unzipped(bomb));
        assertEquals("the answer is too large", e.getMessage());
    }

    @Test
    void truncatedZipIsAnErrorWhereverItIsCut() throws Exception {
        byte[] zipped = zipped(JSON);
        assertArrayEquals(JSON, unzipped(zipped));
        for (int i = 1; i < zipped.length; i++) {
            byte[] cut = Arrays.copyOf(zipped, i);
            assertThrows(EOFException.class, () -> unzipped(cut), "cut at " + i);
        }
    }

    @Test
    void brokenZipIsAnError() throws Exception {
        byte[] zipped = zipped(JSON);
        for (int i : new int[] {0, 2, zipped.length / 2, zipped.length - 8, zipped.length - 1}) {
            byte[] broken = zipped.clone();
            broken[i] ^= 0x5A;
            assertThrows(ZipException.class, () -> unzipped(broken), "broken at " + i);
        }
        assertThrows(ZipException.class, () -> unzipped(JSON));
    }

    @Test
    void emptyBodyIsEmptyZippedOrNot() throws Exception {
        assertEquals(0, unzipped(new byte[0]).length);
        assertEquals(0, collected(zeros(0), false).length);
    }
}
