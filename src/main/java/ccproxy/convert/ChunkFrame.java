package ccproxy.convert;

import ccproxy.wire.Json;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.node.ObjectNode;

/// What every chunk of one stream begins and ends with, made once: most chunks carry a few
/// characters, and the rest of them is always the same.
final class ChunkFrame {
    private static final byte[] CONTENT = "{\"content\":".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CLOSE = {'}'};

    private final ChatPlan plan;
    private final String id;
    private final byte[] head;
    private final byte[] tail;

    ChunkFrame(ChatPlan plan, String id) {
        this.plan = plan;
        this.id = id;
        String open = Json.text(chunk());
        String delta =
                open.substring(0, open.length() - 1) + ",\"choices\":[{\"index\":0,\"delta\":";
        String usage = plan.includeUsage() ? ",\"usage\":null}" : "}";
        head = delta.getBytes(StandardCharsets.UTF_8);
        tail =
                (",\"logprobs\":null,\"finish_reason\":null}]" + usage)
                        .getBytes(StandardCharsets.US_ASCII);
    }

    /// {@return `{"id","object","created","model","system_fingerprint"}`}
    ObjectNode chunk() {
        return Json.object()
                .put("id", id)
                .put("object", "chat.completion.chunk")
                .put("created", plan.created())
                .put("model", plan.model())
                .put("system_fingerprint", plan.fingerprint());
    }

    /// {@return the chunk with this delta}
    byte[] delta(ObjectNode delta) {
        return joined(head, Json.bytes(delta), tail);
    }

    /// {@return the chunk with a piece of the answer's text}
    byte[] content(String text) {
        return joined(head, CONTENT, Json.quoted(text), CLOSE, tail);
    }

    private static byte[] joined(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) length += part.length;
        byte[] whole = new byte[length];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, whole, at, part.length);
            at += part.length;
        }
        return whole;
    }
}
