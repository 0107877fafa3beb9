package ccproxy.convert;

import ccproxy.wire.Field;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The fields of a Chat Completions message beside its role, content and calls.
final class MessageFields {
    private static final String MARK = "cache_control";

    /// Read elsewhere, or said of an answer by its own API and brought back with it.
    private static final Set<String> KNOWN =
            Set.of(
                    "role",
                    "content",
                    "name",
                    "tool_calls",
                    "tool_call_id",
                    "function_call",
                    "refusal",
                    "reasoning",
                    "reasoning_content",
                    "reasoning_details",
                    "thinking_blocks",
                    "audio",
                    "annotations",
                    "parsed",
                    "is_error",
                    MARK);

    private MessageFields() {}

    /// Names what nobody reads. It is never an error: clients bring answers back with whatever
    /// other servers put on them.
    static void check(Field message, Warnings warnings) {
        for (var field : message.object().properties()) {
            boolean isSaid = KNOWN.contains(field.getKey()) || field.getValue().isNull();
            if (!isSaid) warnings.note(message.get(field.getKey()).path(), "dropped");
        }
    }

    /// Puts a message's own `cache_control` where the API has it: on its last block.
    static void mark(Field message, ArrayNode blocks) {
        Field mark = message.get(MARK);
        if (!mark.isPresent() || blocks.isEmpty()) return;
        if (blocks.get(blocks.size() - 1) instanceof ObjectNode last && !last.has(MARK)) {
            last.set(MARK, mark.object());
        }
    }
}
