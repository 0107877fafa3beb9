package ccproxy.wire;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import tools.jackson.databind.JsonNode;

/// An event as members of one line of a trace: `"event":"…","data":{…}` where that says all there
/// is to its frame, else `"raw":"…"`, the frame as text; a whole answer is `"body":{…}`. What is
/// JSON is there as JSON, so that people and their tools can read it.
public final class TraceLine {
    private TraceLine() {}

    /// {@return the members for an event}
    public static String event(SseEvent event) {
        return event.name().equals(SseEvent.WHOLE) ? body(event.raw()) : frame(event.raw());
    }

    /// {@return the members for a whole body}
    public static String body(byte[] body) {
        try {
            return "\"body\":" + Json.text(Json.tree(body, 0, body.length));
        } catch (IllegalArgumentException _) {
            return "\"raw_body\":" + quoted(body);
        }
    }

    /// {@return the members for a piece of an event stream, mostly one frame}
    public static String frame(byte[] raw) {
        SseEvent event = first(raw);
        String data = event.data();
        if (!data.startsWith("{") || !event.isObject()) return "\"raw\":" + quoted(raw);
        byte[] bare = ("data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8);
        if (Arrays.equals(bare, raw)) return "\"data\":" + data;
        String name = event.name();
        byte[] named = SseEvent.of(name, data.getBytes(StandardCharsets.UTF_8)).raw();
        if (!Arrays.equals(named, raw)) return "\"raw\":" + quoted(raw);
        return "\"event\":" + quoted(name.getBytes(StandardCharsets.UTF_8)) + ",\"data\":" + data;
    }

    private static SseEvent first(byte[] raw) {
        try {
            SseEvent event = new SseReader(new ByteArrayInputStream(raw)).next();
            return event == null ? SseEvent.of("", new byte[0]) : event;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String quoted(byte[] text) {
        byte[] json = Json.quoted(new String(text, StandardCharsets.UTF_8));
        return new String(json, StandardCharsets.UTF_8);
    }

    /// {@return the bytes of a stream that a line tells of; none when it tells of something else}
    static byte[] frame(JsonNode line) {
        if (line.path("raw").isString()) {
            return line.path("raw").asString().getBytes(StandardCharsets.UTF_8);
        }
        if (!line.path("data").isObject()) return new byte[0];
        byte[] data = Json.bytes(line.path("data"));
        if (line.path("event").isString())
            return SseEvent.of(line.path("event").asString(), data).raw();
        byte[] frame = Arrays.copyOf("data: ".getBytes(StandardCharsets.US_ASCII), data.length + 8);
        System.arraycopy(data, 0, frame, 6, data.length);
        frame[frame.length - 2] = '\n';
        frame[frame.length - 1] = '\n';
        return frame;
    }

    /// {@return the whole body that a line tells of; none when it tells of something else}
    static byte[] body(JsonNode line) {
        if (line.path("raw_body").isString())
            return line.path("raw_body").asString().getBytes(StandardCharsets.UTF_8);
        return line.has("body") ? Json.bytes(line.path("body")) : new byte[0];
    }

    /// {@return the event that a line tells of}
    ///
    /// @throws IllegalArgumentException when it tells of none
    public static SseEvent read(JsonNode line) {
        byte[] body = body(line);
        if (body.length > 0) return SseEvent.whole(body);
        byte[] frame = frame(line);
        if (frame.length == 0)
            throw new IllegalArgumentException("expected event and data, raw or body");
        return first(frame);
    }
}
