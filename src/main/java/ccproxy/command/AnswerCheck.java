package ccproxy.command;

import ccproxy.wire.ApiException;
import ccproxy.wire.Field;
import ccproxy.wire.Json;
import ccproxy.wire.SseEvent;
import ccproxy.wire.SseReader;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// Judges an answer as the client that asked would: can it be used, and if not, why, and what is to
/// be done.
final class AnswerCheck {
    /// Of an error's body.
    private static final int ERROR_BYTES_MAX = 64 << 10;

    private final ClientRequest request;
    private final ClientCall call;

    AnswerCheck(ClientRequest request, ClientCall call) {
        this.request = request;
        this.call = call;
    }

    /// {@return what was read, for people}
    ///
    /// @throws Unfit when the client could not use it
    /// @throws IOException when the answer ends too early or takes too long
    String check() throws IOException {
        Expectation expectation = expectation();
        if (expectation.kind() == Expectation.Kind.ANY) return call.status() + "";
        if (call.status() != 200) throw failed();
        type(expectation.kind().isStream() ? "text/event-stream" : "application/json");
        try {
            String read = expectation.kind().isStream() ? stream(expectation) : whole(expectation);
            return "200, " + read + servedBy();
        } catch (ApiException e) {
            throw StreamCheck.notAsItsApi(e.getMessage());
        }
    }

    /// Whether a model calls a tool that it need not call is not the server's; the echo model does.
    /// A model that cannot be forced is only asked to.
    private Expectation expectation() {
        Expectation asked = request.expectation();
        boolean isForced =
                asked.isForced() && !call.header("x-ccproxy-warnings").contains("tool_choice");
        boolean isSure = isForced || call.header("x-ccproxy-backend").equals("echo");
        return isSure ? asked : asked.withoutTool();
    }

    private void type(String expected) {
        String found = call.header("content-type").toLowerCase(Locale.ROOT);
        if (found.equals(expected) || found.startsWith(expected + ";")) return;
        throw new Unfit(
                "content-type: expected "
                        + expected
                        + ", found "
                        + (found.isEmpty() ? "none" : found),
                "see what stands between the client and the server, or has its port");
    }

    private String whole(Expectation expectation) throws IOException {
        byte[] body = call.body().readAllBytes();
        return WholeCheck.of(expectation, Field.root(Json.object("answer", body)));
    }

    private String stream(Expectation expectation) throws IOException {
        StreamCheck check =
                switch (expectation.kind()) {
                    case CHAT_STREAM -> new ChatStreamCheck(expectation);
                    case MESSAGE_STREAM -> new MessageStreamCheck(expectation);
                    default -> new ResponsesCheck();
                };
        var reader = new SseReader(call.body());
        try {
            for (SseEvent event = reader.next(); event != null; event = reader.next()) {
                check.event(event);
            }
        } catch (EOFException _) {
            throw new Unfit(
                    "the connection was cut in mid-answer",
                    "see the server's log, and what stands between it and the client");
        }
        return check.end();
    }

    private String servedBy() {
        String backend = call.header("x-ccproxy-backend");
        String model = call.header("x-ccproxy-model");
        String warnings = call.header("x-ccproxy-warnings");
        String by = backend.isEmpty() ? "" : " (" + (backend + " " + model).strip() + ")";
        return by + (warnings.isEmpty() ? "" : "; not honoured: " + warnings);
    }

    private Unfit failed() throws IOException {
        String said = said(call.body().readNBytes(ERROR_BYTES_MAX));
        String problem = call.status() + (said.isEmpty() ? "" : ": " + said);
        String own = request.remedies().getOrDefault("" + call.status(), "");
        return new Unfit(problem, own.isEmpty() ? Remedies.of(call.status(), said) : own);
    }

    /// The message of an error: both APIs have it in the same place.
    private static String said(byte[] body) {
        try {
            return Field.root(Json.object("answer", body)).get("error").get("message").text("");
        } catch (ApiException _) {
            String text = new String(body, StandardCharsets.UTF_8).strip();
            return text.substring(0, Math.min(200, text.length()));
        }
    }
}
