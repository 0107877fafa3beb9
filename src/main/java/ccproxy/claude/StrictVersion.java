package ccproxy.claude;

import ccproxy.wire.ApiVersion;
import ccproxy.wire.Field;
import ccproxy.wire.MessagesRequest;
import java.util.List;

/// The three refusals of version 2026-10-21, which an upstream of that version makes itself: for
/// backends whose upstream speaks an older one, or none.
final class StrictVersion {
    private StrictVersion() {}

    /// Checks a request of a client that speaks that version.
    ///
    /// @throws ccproxy.wire.ApiException names the part that the version refuses
    static void check(Turn turn) {
        if (!ApiVersion.isStrict(turn.headers().version(""))) return;
        MessagesRequest request = turn.request();
        Field root = Field.root(request.raw());
        for (String name : List.of("temperature", "top_p", "top_k")) {
            if (!root.get(name).value().isMissingNode()) {
                throw root.get(name)
                        .invalid("expected no sampling field in version " + ApiVersion.STRICT);
            }
        }
        for (Field message : root.get("messages").elements()) {
            if (message.get("content").value().isArray()) checkBlocks(message);
        }
    }

    private static void checkBlocks(Field message) {
        boolean isUser = message.get("role").text().equals("user");
        for (Field block : message.get("content").elements()) {
            String type = block.get("type").text();
            if (type.equals("document") && !isUser) {
                throw block.invalid(
                        "expected no document in an assistant message in version "
                                + ApiVersion.STRICT);
            }
            if (!isUser) continue;
            checkCitations(block);
            if (type.equals("search_result") && block.get("content").value().isArray()) {
                block.get("content").elements().forEach(StrictVersion::checkCitations);
            }
        }
    }

    private static void checkCitations(Field block) {
        Field citations = block.get("citations");
        if (citations.value().isArray() && !citations.value().isEmpty()) {
            throw citations.invalid(
                    "expected no citations in a user message in version " + ApiVersion.STRICT);
        }
    }
}
