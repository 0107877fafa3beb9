package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.CliMessage;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import java.time.Clock;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What the CLI says of a failed turn, as the same errors that the API itself would give: by the
/// status it names, then by its own words for the kind, then by its text.
final class CliErrors {
    private static final Pattern STATUS =
            Pattern.compile(
                    "(?s)(?:Failed to authenticate\\. )?API Error: (?:(\\d{3}) |Request rejected \\((\\d{3})\\) · )(.*)");
    private static final Pattern ADVICE =
            Pattern.compile("(?s) This is a server-side issue, usually temporary.*");

    private CliErrors() {}

    /// {@return why a turn failed}
    ///
    /// @param result its last line
    /// @param error the CLI's word for it on the assistant line, or `""`
    /// @param said the text of that line, or `""`
    /// @param limit what was told of the login's limits; may be empty
    static ApiException of(ObjectNode result, String error, String said, ObjectNode limit) {
        String text = result.path("result").asString(said);
        if (text.isEmpty()) text = result.path("errors").path(0).asString("no reason given");
        int status = result.path("api_error_status").asInt(0);
        String message = text;
        Matcher matcher = STATUS.matcher(text);
        if (matcher.matches()) {
            String named = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
            if (status == 0) status = Integer.parseInt(named);
            message = ADVICE.matcher(matcher.group(3)).replaceFirst("");
        }
        // A refusal may quote what a client said.
        boolean mayBeLogin = status == 0 || status == 401;
        if (mayBeLogin && (text.contains("Not logged in") || text.contains("/login")))
            return notLoggedIn(text);
        String type = result.path("api_error_type").asString("");
        if (status >= 400) return upstream(status, type, message, limit);
        return switch (error) {
            case "authentication_failed" -> upstream(401, type, message, limit);
            case "billing_error" -> upstream(402, type, message, limit);
            case "model_not_found" -> upstream(404, type, message, limit);
            case "rate_limit" -> upstream(429, type, message, limit);
            case "invalid_request" -> upstream(400, type, message, limit);
            default -> byText(text, type, message, limit);
        };
    }

    private static ApiException byText(String text, String type, String message, ObjectNode limit) {
        if (text.startsWith("Prompt is too long"))
            return new ApiException(ErrorKind.INVALID_REQUEST, "prompt is too long: " + text);
        if (text.contains("Overloaded")) return upstream(529, type, message, limit);
        if (text.contains("timed out") || text.contains("No data arrived"))
            return new ApiException(ErrorKind.TIMEOUT, text);
        if (text.contains("was lost") || text.contains("malformed response"))
            return new ApiException(ErrorKind.INCOMPLETE, text);
        return new ApiException(ErrorKind.UNREACHABLE, text);
    }

    private static ApiException notLoggedIn(String text) {
        return new ApiException(ErrorKind.AUTHENTICATION, CliProgram.LOG_IN + "; it said: " + text)
                .code("cli_not_logged_in");
    }

    private static ApiException upstream(
            int status, String type, String message, ObjectNode limit) {
        ObjectNode body = Json.object().put("type", "error");
        String known = message.startsWith("Prompt is too long") ? longPrompt(message) : message;
        ObjectNode error = body.putObject("error");
        // Without a type of its own, the status names it.
        error.put("type", type.isEmpty() ? ErrorKind.of(status).messagesType() : type);
        error.put("message", known);
        ApiException failure = ApiException.told(status, body);
        if (status == 429) addReset(failure, limit);
        return failure;
    }

    /// The words by which clients know it.
    private static String longPrompt(String message) {
        return "prompt is too long: " + message;
    }

    private static void addReset(ApiException failure, ObjectNode limit) {
        JsonNode resetsAt = limit.path("resetsAt");
        if (!resetsAt.isNumber()) return;
        long seconds = resetsAt.asLong(0) - Clock.systemUTC().instant().getEpochSecond();
        failure.header("anthropic-ratelimit-unified-reset", Long.toString(resetsAt.asLong(0)));
        if (seconds > 0) failure.header("retry-after", Long.toString(seconds));
    }

    /// {@return the text of an assistant line}
    static String text(CliMessage.Assistant line) {
        return line.message().path("content").path(0).path("text").asString("");
    }
}
