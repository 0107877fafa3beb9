package ccproxy.claude;

import ccproxy.wire.Json;
import ccproxy.wire.MessageFold;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The signed thinking that led to tool calls, by the call's id: clients of the other API mostly
/// drop it, and the model wants it back with the call's result. Kept as `reasoning_details`
/// entries, in memory, the least recently used forgotten first. For any thread.
public final class ThinkingStore {
    /// Two thirds of a megabyte of thinking for each of a hundred conversations.
    static final long CHARACTERS_MAX = 64L << 20;

    private final long charactersMax;
    private final LinkedHashMap<String, String> entries = new LinkedHashMap<>(16, 0.75f, true);
    private long characters;

    /// An empty store of the usual size.
    public ThinkingStore() {
        this(CHARACTERS_MAX);
    }

    ThinkingStore(long charactersMax) {
        this.charactersMax = charactersMax;
    }

    /// Keeps the thinking of a whole answer for each call in it.
    public void keep(MessageFold answer) {
        keep(answer.message().path("content"));
    }

    /// Keeps the thinking of the blocks of an answer for each call in it.
    void keep(JsonNode content) {
        if (!content.isArray()) return;
        var details = new ArrayList<ObjectNode>();
        var calls = new ArrayList<String>();
        for (int i = 0; i < content.size(); i++) {
            JsonNode block = content.get(i);
            switch (block.path("type").asString("")) {
                case "thinking", "redacted_thinking" ->
                        details.add(((ObjectNode) block.deepCopy()).put("index", i));
                case "tool_use" -> calls.add(block.path("id").asString(""));
                default -> {}
            }
        }
        if (details.isEmpty() || calls.isEmpty()) return;
        String json = Json.text(Json.array().addAll(details));
        for (String call : calls) put(call, json);
    }

    private synchronized void put(String call, String json) {
        if (json.length() > charactersMax) return;
        String before = entries.put(call, json);
        characters += json.length() - (before == null ? 0 : before.length());
        Iterator<Map.Entry<String, String>> eldest = entries.entrySet().iterator();
        while (characters > charactersMax) {
            characters -= eldest.next().getValue().length();
            eldest.remove();
        }
    }

    /// {@return the `reasoning_details` of the answer that made this call; empty when not kept}
    public List<ObjectNode> of(String call) {
        String json;
        synchronized (this) {
            json = entries.get(call);
        }
        var details = new ArrayList<ObjectNode>();
        if (json == null) return details;
        for (JsonNode entry : Json.tree(json)) details.add((ObjectNode) entry);
        return details;
    }
}
