package ccproxy.convert;

import java.util.Objects;
import java.util.Set;

/// What the answer needs to know of the request that was converted.
///
/// @param id `chatcmpl-…` is made of the message's id; this is the fallback for an answer without
/// @param created seconds since 1970
/// @param model as the client named it
/// @param fingerprint the `system_fingerprint`
/// @param names the tools' names, back to the client's
/// @param customTools the client's names of its custom tools
/// @param isLegacy whether calls are answered as `function_call`
/// @param answerTool the upstream name of the tool whose input is the answer, or `""`
/// @param isAnswerWrapped whether that input holds the answer in `value`
/// @param isJson whether the answer is to be bare JSON without a code fence
/// @param includeUsage whether a stream ends with a usage chunk
/// @param reasoning how thinking is shown: `field`, `tags`, `hide`
record ChatPlan(
        String id,
        long created,
        String model,
        String fingerprint,
        ToolNames names,
        Set<String> customTools,
        boolean isLegacy,
        String answerTool,
        boolean isAnswerWrapped,
        boolean isJson,
        boolean includeUsage,
        String reasoning) {
    ChatPlan {
        Objects.requireNonNull(names);
        Objects.requireNonNull(answerTool);
    }

    /// {@return whether a `tool_use` block of this name is the answer itself}
    boolean isAnswer(String upstreamName) {
        return !answerTool.isEmpty() && answerTool.equals(upstreamName);
    }

    /// {@return the id of the answer to a message}
    String chatId(String messageId) {
        return messageId.isEmpty() ? id : "chatcmpl-" + messageId;
    }
}
