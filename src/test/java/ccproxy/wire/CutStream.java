package ccproxy.wire;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;

/// Bytes that come in two parts, perhaps with a time-out between them.
public final class CutStream extends InputStream {
    private final byte[] bytes;
    private final int cut;
    private final boolean isTimingOut;
    private int at;
    private boolean hasTimedOut;

    /// @param cut how many bytes the first part has
    public CutStream(byte[] bytes, int cut, boolean isTimingOut) {
        this.bytes = bytes;
        this.cut = cut;
        this.isTimingOut = isTimingOut;
    }

    @Override
    public int read() {
        throw new AssertionError("bytes are read in blocks");
    }

    @Override
    public int read(byte[] to, int from, int length) throws IOException {
        if (at == cut && isTimingOut && !hasTimedOut) {
            hasTimedOut = true;
            throw new SocketTimeoutException("no bytes");
        }
        if (at == bytes.length) return -1;
        int end = at < cut ? cut : bytes.length;
        int count = Math.min(length, end - at);
        System.arraycopy(bytes, at, to, from, count);
        at += count;
        return count;
    }
}
