package ccproxy.wire;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
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

    /// Thirty events, or a part of one large one: thousands of streams have such a buffer each.
    private static final int READ_BYTES = 4 << 10;

    private static final VarHandle EIGHT =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final long ONES = 0x0101_0101_0101_0101L;
    private static final long LINE_FEEDS = ONES * '\n';
    private static final long CARRIAGE_RETURNS = ONES * '\r';

    private static final byte[] DATA = ascii("data");
    private static final byte[] EVENT = ascii("event");

    /// Those of [MessageEvent#NAMES].
    private static final byte[][] NAMES =
            MessageEvent.NAMES.stream().map(SseReader::ascii).toArray(byte[][]::new);

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
            if (isAfterCarriageReturn && buffer[scan] == '\n') {
                skipLineFeed();
                continue;
            }
            isAfterCarriageReturn = false;
            scan = lineEnd(scan);
            if (scan == end) return null;
            isAfterCarriageReturn = buffer[scan] == '\r';
            int lineEnd = scan++;
            SseEvent event = line(lineEnd);
            if (event != null) return event;
        }
        return null;
    }

    /// The next LF or CR from `from` on, else the end: eight bytes at a time, because most of what
    /// a stream costs is to look at every byte of it once.
    private int lineEnd(int from) {
        int at = from;
        for (; at + Long.BYTES <= end; at += Long.BYTES) {
            long eight = (long) EIGHT.get(buffer, at);
            long found = zeros(eight ^ LINE_FEEDS) | zeros(eight ^ CARRIAGE_RETURNS);
            if (found != 0) return at + Long.numberOfTrailingZeros(found) / Byte.SIZE;
        }
        while (at < end && buffer[at] != '\n' && buffer[at] != '\r') at++;
        return at;
    }

    /// The top bit of the lowest byte that is zero; perhaps of others above it.
    private static long zeros(long eight) {
        return (eight - ONES) & ~eight & ONES << 7;
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
        if (matches(from, colon, DATA)) {
            data(value, lineEnd - value);
        } else if (matches(from, colon, EVENT)) {
            name = name(value, lineEnd);
        }
    }

    /// The names that come again and again are not made anew for each event.
    private String name(int from, int to) {
        for (int i = 0; i < NAMES.length; i++) {
            if (matches(from, to, NAMES[i])) return MessageEvent.NAMES.get(i);
        }
        return new String(buffer, from, to - from, StandardCharsets.UTF_8);
    }

    private boolean matches(int from, int to, byte[] word) {
        return Arrays.equals(buffer, from, to, word, 0, word.length);
    }

    private static byte[] ascii(String word) {
        return word.getBytes(StandardCharsets.US_ASCII);
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
