package ccproxy.wire;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Cuts a byte stream into [SseEvent]s (WHATWG HTML §9.2.6): lines end with LF, CRLF or CR, an
/// empty line ends an event, `:` begins a comment, several `data` lines are joined with LF, and the
/// end of the input ends the last event too. Bytes are never decoded before the event is whole.
///
/// A read that times out ([java.net.SocketTimeoutException]) loses nothing: call again.
public final class SseReader {
    /// The largest event: a whole tool result in one line stays far below it.
    static final int EVENT_BYTES_MAX = 64 << 20;

    private static final int READ_BYTES = 16 << 10;

    private final InputStream in;
    private final int eventBytesMax;
    private byte[] buffer;
    private int start; // of the current frame
    private int lineStart;
    private int scan; // everything before it is known to hold no line end
    private int end;
    private boolean isAfterCarriageReturn;
    private boolean isEnded;
    private SseEvent ready;

    private String name = "";
    private int dataFrom;
    private int dataLength = -1;

    /// The data so far, once there is more than one line of it.
    private ByteArrayOutputStream joined;

    /// Reads from `in`, which the caller closes.
    public SseReader(InputStream in) {
        this(in, EVENT_BYTES_MAX);
    }

    SseReader(InputStream in, int eventBytesMax) {
        this.in = in;
        this.eventBytesMax = eventBytesMax;
        this.buffer = new byte[Math.min(READ_BYTES, eventBytesMax)];
    }

    /// {@return whether [#next()] has an event, or the end, without waiting for the input}
    ///
    /// @throws IOException as [#next()]
    public boolean isReady() throws IOException {
        while (ready == null && !isEnded) {
            ready = scan();
            if (ready != null) break;
            if (in.available() == 0) return false;
            if (!fill()) ready = last();
        }
        return true;
    }

    /// {@return the next event, or null at the end}
    ///
    /// @throws IOException from the input, or when an event is larger than the limit
    public SseEvent next() throws IOException {
        SseEvent event = ready;
        ready = null;
        while (event == null && !isEnded) {
            event = scan();
            if (event == null && !fill()) event = last();
        }
        return event;
    }

    /// The next event that is whole in the buffer, or null.
    private SseEvent scan() {
        while (scan < end) {
            byte b = buffer[scan];
            if (b == '\n' && isAfterCarriageReturn) {
                skipLineFeed();
            } else if (b == '\n' || b == '\r') {
                isAfterCarriageReturn = b == '\r';
                int lineEnd = scan++;
                SseEvent event = line(lineEnd);
                if (event != null) return event;
            } else {
                isAfterCarriageReturn = false;
                scan++;
            }
        }
        return null;
    }

    /// The LF of a CRLF whose CR has already ended the line. After an event it belongs to nothing.
    private void skipLineFeed() {
        isAfterCarriageReturn = false;
        scan++;
        if (lineStart == start) start = scan;
        lineStart = scan;
    }

    /// Ends the line at `lineEnd`; an empty line ends the event.
    private SseEvent line(int lineEnd) {
        int from = lineStart;
        if (isAfterCarriageReturn && scan < end && buffer[scan] == '\n') {
            isAfterCarriageReturn = false;
            scan++;
        }
        lineStart = scan;
        if (from == lineEnd) return dispatch();
        field(from, lineEnd);
        return null;
    }

    private void field(int from, int lineEnd) {
        int colon = from;
        while (colon < lineEnd && buffer[colon] != ':') colon++;
        int value = Math.min(colon + 1, lineEnd);
        if (value < lineEnd && buffer[value] == ' ') value++;
        if (matches(from, colon, "data")) {
            data(value, lineEnd - value);
        } else if (matches(from, colon, "event")) {
            name = name(value, lineEnd);
        }
    }

    /// The names that come again and again are not made anew for each event.
    private String name(int from, int to) {
        for (String known : MessageEvent.NAMES) {
            if (matches(from, to, known)) return known;
        }
        return new String(buffer, from, to - from, StandardCharsets.UTF_8);
    }

    private boolean matches(int from, int to, String word) {
        if (to - from != word.length()) return false;
        for (int i = 0; i < word.length(); i++) {
            if (buffer[from + i] != word.charAt(i)) return false;
        }
        return true;
    }

    private void data(int from, int length) {
        if (dataLength < 0) {
            dataFrom = from - start;
            dataLength = length;
            return;
        }
        if (joined == null) {
            joined = new ByteArrayOutputStream();
            joined.write(buffer, start + dataFrom, dataLength);
        }
        joined.write('\n');
        joined.write(buffer, from, length);
    }

    private SseEvent dispatch() {
        byte[] raw = slice(start, scan - start);
        SseEvent event = event(raw);
        start = scan;
        return event;
    }

    /// Null for a frame without data: comments only, which mean nothing to whoever reads events.
    private SseEvent event(byte[] raw) {
        SseEvent event = null;
        if (joined != null) event = new SseEvent(name, raw, joined.toByteArray(), 0, joined.size());
        else if (dataLength >= 0) event = new SseEvent(name, raw, raw, dataFrom, dataLength);
        name = "";
        dataLength = -1;
        joined = null;
        return event;
    }

    /// The event that the end of the input ends: given the empty line it lacks.
    private SseEvent last() {
        isEnded = true;
        if (lineStart < end) field(lineStart, end);
        if (dataLength < 0) return null;
        byte[] rest = slice(start, end - start);
        // Two line ends: the first may only complete a CRLF. One too many means nothing.
        byte[] raw = Arrays.copyOf(rest, rest.length + 2);
        Arrays.fill(raw, rest.length, raw.length, (byte) '\n');
        start = end;
        return event(raw);
    }

    private byte[] slice(int from, int length) {
        return Arrays.copyOfRange(buffer, from, from + length);
    }

    private boolean fill() throws IOException {
        if (start > 0) {
            System.arraycopy(buffer, start, buffer, 0, end - start);
            lineStart -= start;
            scan -= start;
            end -= start;
            start = 0;
        }
        if (end == buffer.length) {
            if (end >= eventBytesMax) throw new IOException("an event is too large");
            buffer = Arrays.copyOf(buffer, Math.min(eventBytesMax, 2 * end));
        }
        int count = in.read(buffer, end, buffer.length - end);
        if (count > 0) end += count;
        return count >= 0;
    }
}
