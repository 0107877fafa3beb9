package ccproxy.wire;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Folds the events of one answer to the message that they tell. Fields and kinds we do not know
/// stay in it; a block that was cut short stays as far as it came. For one thread.
public final class MessageFold {
    /// Far above what a model can say in one answer; an upstream without end must not fill memory.
    static final int BLOCKS_MAX = 10_000;

    static final long CHARACTERS_MAX = 128L << 20;

    private final Map<Integer, OpenBlock> blocks = new TreeMap<>();
    private ObjectNode message = Json.object();
    private Usage usage = Usage.NONE;
    private long characters;
    private boolean isComplete;

    /// An answer that came whole; read when its message is asked for.
    private SseEvent whole;

    private final long charactersMax;

    /// Folds one answer.
    public MessageFold() {
        this(CHARACTERS_MAX);
    }

    MessageFold(long charactersMax) {
        this.charactersMax = charactersMax;
    }

    /// A block that still grows: each growing field has one buffer, so that a megabyte in single
    /// characters takes linear time.
    private static final class OpenBlock {
        final ObjectNode block;
        final Map<String, StringBuilder> growing = new LinkedHashMap<>();

        OpenBlock(ObjectNode block) {
            this.block = block;
        }

        void append(String name, String text) {
            growing.computeIfAbsent(name, n -> new StringBuilder(block.path(n).asString("")))
                    .append(text);
        }

        /// The block as it is now.
        ObjectNode folded() {
            ObjectNode folded = block.deepCopy();
            growing.forEach((name, text) -> {
                if (name.equals(PARTIAL_JSON)) putInput(folded, text.toString());
                else folded.put(name, text.toString());
            });
            return folded;
        }
    }

    /// Where a tool input that is not whole JSON is kept, so that it is not lost.
    public static final String PARTIAL_JSON = "partial_json";

    private static void putInput(ObjectNode block, String json) {
        try {
            JsonNode input = Json.tree(json);
            if (!input.isMissingNode()) block.set("input", input);
        } catch (IllegalArgumentException _) {
            block.put(PARTIAL_JSON, json);
        }
    }

    /// Adds the next event as it came.
    ///
    /// @throws ApiException when it tells of a failure, or cannot be read: a hole in the answer
    public void add(SseEvent event) {
        if (event.name().equals(SseEvent.WHOLE) && !isError(event)) {
            whole = event;
            usage = Usage.of(event.summary().path("usage"));
            isComplete = true;
            return;
        }
        MessageEvent read = MessageEvent.of(event);
        if (read instanceof MessageEvent.Failure(var error)) throw error;
        add(read);
    }

    private static boolean isError(SseEvent event) {
        return event.summary().path("type").asString("").equals("error");
    }

    /// Adds the next event. Events after the end of the answer are ignored.
    public void add(MessageEvent event) {
        if (isComplete) return;
        switch (event) {
            case MessageEvent.MessageStart(var start) -> {
                message = start.deepCopy();
                usage = usage.updated(start.path("usage"));
            }
            case MessageEvent.BlockStart(var index, var block) -> open(index, block);
            case MessageEvent.BlockDelta(var index, var delta) -> {
                OpenBlock open = blocks.get(index);
                if (open != null) grow(open, delta);
            }
            case MessageEvent.MessageDelta delta -> end(delta);
            case MessageEvent.MessageStop() -> isComplete = true;
            case MessageEvent.Whole(var whole) -> {
                message = whole;
                usage = Usage.of(whole.path("usage"));
                isComplete = true;
            }
            case MessageEvent.BlockStop _,
                    MessageEvent.Ping _,
                    MessageEvent.Failure _,
                    MessageEvent.Other _ -> {}
        }
    }

    private void open(int index, ObjectNode block) {
        if (blocks.size() >= BLOCKS_MAX) throw tooLarge();
        // A copy: who else holds the event must not see it grow.
        blocks.put(index, new OpenBlock(block.deepCopy()));
    }

    private void grow(OpenBlock open, MessageEvent.Delta delta) {
        switch (delta) {
            case MessageEvent.Delta.Text(var text) -> append(open, "text", text);
            case MessageEvent.Delta.InputJson(var json) -> append(open, PARTIAL_JSON, json);
            case MessageEvent.Delta.Thinking(var text) -> append(open, "thinking", text);
            case MessageEvent.Delta.Signature(var text) -> append(open, "signature", text);
            case MessageEvent.Delta.Citation(var citation) -> {
                if (open.block.path("citations") instanceof ArrayNode citations) {
                    citations.add(citation);
                } else {
                    open.block.putArray("citations").add(citation);
                }
            }
            case MessageEvent.Delta.Other(var raw) -> growUnknown(open, raw);
        }
    }

    /// A delta of a later day: its texts grow the block's fields of the same names, the rest
    /// replaces them.
    private void growUnknown(OpenBlock open, ObjectNode raw) {
        for (var field : raw.properties()) {
            if (field.getKey().equals("type")) continue;
            if (field.getValue().isString()) {
                append(open, field.getKey(), field.getValue().stringValue());
            } else {
                open.block.set(field.getKey(), field.getValue());
            }
        }
    }

    private void append(OpenBlock open, String name, String text) {
        characters += text.length();
        if (characters > charactersMax) throw tooLarge();
        open.append(name, text);
    }

    private void end(MessageEvent.MessageDelta end) {
        putPresent(message, end.delta());
        usage = usage.updated(end.usage());
        ObjectNode counts = Json.objectOrEmpty(message.path("usage")).deepCopy();
        putPresent(counts, end.usage());
        message.set("usage", counts);
        for (var field : end.event().properties()) {
            switch (field.getKey()) {
                case "type", "delta", "usage" -> {}
                default -> message.set(field.getKey(), field.getValue());
            }
        }
    }

    /// Sets what an event tells; null tells nothing, so it replaces nothing.
    private static void putPresent(ObjectNode to, ObjectNode told) {
        for (var field : told.properties()) {
            if (!field.getValue().isNull()) to.set(field.getKey(), field.getValue());
            else if (!to.has(field.getKey())) to.putNull(field.getKey());
        }
    }

    /// {@return whether the answer came to its own end}
    public boolean isComplete() {
        return isComplete;
    }

    /// {@return the message as far as it came}
    public ObjectNode message() {
        if (whole != null) return Json.objectOrEmpty(whole.json());
        if (blocks.isEmpty()) return message;
        ObjectNode folded = message.deepCopy();
        ArrayNode content = folded.putArray("content");
        for (OpenBlock block : blocks.values()) content.add(block.folded());
        return folded;
    }

    /// {@return the message as JSON; one that came whole, as it came}
    public byte[] json() {
        return whole != null ? whole.raw() : Json.bytes(message());
    }

    /// {@return the tokens counted so far}
    public Usage usage() {
        return usage;
    }

    private static ApiException tooLarge() {
        return new ApiException(ErrorKind.INCOMPLETE, "the answer is too large");
    }
}
