package ccproxy.wire;

import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/// One event of an event stream as it came: its bytes, and where its name and data are in them.
/// Whoever forwards it writes the bytes; only who needs the data parses it, once. For one thread.
public final class SseEvent {
    /// The name of an answer that came whole instead of in events; its data is the message.
    public static final String WHOLE = "message";

    /// What is shorter is parsed at once and whole: who wants a part of it may want the rest too,
    /// and to look content over costs as much as to keep it.
    static final int SMALL_BYTES_MAX = 8 << 10;

    private final String name;
    private final byte[] raw;
    private final byte[] data;
    private final int from;
    private final int length;
    private JsonNode tree;
    private JsonNode summary;
    private boolean isBroken;

    /// @param name the `event:` field, `""` when there was none
    /// @param raw the frame with its closing empty line
    /// @param data where the data stands, from `from` on, `length` bytes
    SseEvent(String name, byte[] raw, byte[] data, int from, int length) {
        this.name = name;
        this.raw = raw;
        this.data = data;
        this.from = from;
        this.length = length;
    }

    /// {@return the event `name` with JSON data on one line}
    public static SseEvent of(String name, byte[] json) {
        byte[] head = ("event: " + name + "\ndata: ").getBytes(StandardCharsets.US_ASCII);
        byte[] raw = new byte[head.length + json.length + 2];
        System.arraycopy(head, 0, raw, 0, head.length);
        System.arraycopy(json, 0, raw, head.length, json.length);
        raw[raw.length - 2] = '\n';
        raw[raw.length - 1] = '\n';
        return new SseEvent(name, raw, raw, head.length, json.length);
    }

    /// {@return an answer that came whole: the JSON of a message}
    public static SseEvent whole(byte[] json) {
        return new SseEvent(WHOLE, json, json, 0, json.length);
    }

    /// {@return the event's name; from its data when the frame had none}
    public String name() {
        return name.isEmpty() ? json().path("type").asString("") : name;
    }

    /// {@return the data as text}
    String data() {
        return new String(data, from, length, StandardCharsets.UTF_8);
    }

    /// {@return the frame as it came; do not change it}
    public byte[] raw() {
        return raw;
    }

    /// {@return the data as a tree; an empty object when it is not JSON; do not change it}
    public JsonNode json() {
        if (tree == null) parse();
        return tree;
    }

    private void parse() {
        try {
            tree = Json.tree(data, from, length);
        } catch (IllegalArgumentException _) {
            tree = Json.object();
            isBroken = true;
        }
    }

    /// {@return whether the data is a JSON object}
    public boolean isObject() {
        return summary().isObject();
    }

    /// {@return the data's object; its `content`, which is the bulk of a long answer, may be
    /// missing, as it is then only looked over; a missing node when the data is no object}
    JsonNode summary() {
        if (summary == null) {
            boolean isWhole = length <= SMALL_BYTES_MAX && json().isObject() && !isBroken;
            summary = isWhole ? tree : withoutContent();
        }
        return summary;
    }

    private JsonNode withoutContent() {
        try {
            return Json.treeWithout("content", data, from, length);
        } catch (IllegalArgumentException _) {
            return MissingNode.getInstance();
        }
    }

    @Override
    public String toString() {
        return new String(raw, StandardCharsets.UTF_8);
    }
}
