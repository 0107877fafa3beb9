package ccproxy.claude;

import ccproxy.observe.Allowance;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.SseEvent;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;

/// The body of an answer that comes whole, collected as it comes and looked at when it is there:
/// what does not speak the API (a proxy's HTML page with status 200, say) is never passed on.
final class WholeBody {
    /// A whole answer or a list; Anthropic's own limit for requests is 32 MB.
    static final int BYTES_MAX = 64 << 20;

    private static final int READ_BYTES = 8 << 10;

    private static final int EXPECTED_BYTES_MAX = 1 << 20;

    /// Of memory: itself, and what is made of it for the client.
    private static final int COST_PER_BYTE = 3;

    private byte[] collected = {};
    private int size;

    /// Makes room for a body of `length` bytes, if that is known.
    void expect(long length) {
        // No more than that on the mere word of an upstream.
        if (length > 0) grow(Math.min(length, EXPECTED_BYTES_MAX));
    }

    private void grow(long room) {
        if (room > Allowance.BYTES_MIN)
            Allowance.current().take((room - collected.length) * COST_PER_BYTE);
        collected = Arrays.copyOf(collected, (int) room);
    }

    /// Takes what one read brings.
    ///
    /// @return whether there may be more
    boolean read(InputStream in) throws IOException {
        if (size == collected.length) {
            // Often the end is all that is left.
            int next = in.read();
            if (next < 0) return false;
            if (size == BYTES_MAX) throw new IOException("the answer is too large");
            grow(Math.clamp(2L * size, READ_BYTES, BYTES_MAX));
            collected[size++] = (byte) next;
            if (size == collected.length) return true;
        }
        int count = in.read(collected, size, collected.length - size);
        size += Math.max(0, count);
        return count >= 0;
    }

    /// {@return the whole body, plain}
    byte[] bytes(boolean isZipped) throws IOException {
        byte[] bytes = size == collected.length ? collected : Arrays.copyOf(collected, size);
        if (!isZipped || bytes.length == 0) return bytes;
        try (var plain = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
            byte[] all = plain.readNBytes(BYTES_MAX + 1);
            if (all.length > BYTES_MAX) throw new IOException("the answer is too large");
            return all;
        }
    }

    /// {@return a body of status 200 as one event}
    static SseEvent event(String contentType, byte[] body) {
        if (!contentType.startsWith("application/json")) {
            String found = contentType.isEmpty() ? "no content-type" : contentType;
            throw foreign("expected application/json, found " + found);
        }
        SseEvent event = SseEvent.whole(body);
        if (event.isObject()) return event;
        throw foreign("expected a JSON object, found something else");
    }

    static ApiException foreign(String problem) {
        return new ApiException(
                ErrorKind.UNREACHABLE, "the upstream does not speak the API: " + problem);
    }
}
