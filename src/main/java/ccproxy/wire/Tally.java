package ccproxy.wire;

/// What the log wants to know of an answer that passes unread: only the few events that tell it are
/// looked into. For one answer.
public final class Tally {
    private Usage usage = Usage.NONE;
    private String stopReason = "";
    private boolean hasContent;
    private boolean isComplete;

    /// Counts an event.
    public void add(SseEvent event) {
        switch (event.name()) {
            case "content_block_delta" -> hasContent = true;
            case "message_start" ->
                    usage = usage.updated(event.json().path("message").path("usage"));
            case "message_delta" -> {
                var end = event.json();
                usage = usage.updated(end.path("usage"));
                stopReason = end.path("delta").path("stop_reason").asString(stopReason);
            }
            case "message_stop" -> isComplete = true;
            case SseEvent.WHOLE -> {
                var message = event.summary();
                usage = Usage.of(message.path("usage"));
                stopReason = message.path("stop_reason").asString("");
                hasContent = true;
                isComplete = true;
            }
            default -> {}
        }
    }

    /// {@return whether some of the answer's content came}
    public boolean hasContent() {
        return hasContent;
    }

    /// {@return whether the answer came to its own end}
    public boolean isComplete() {
        return isComplete;
    }

    /// {@return the tokens counted so far}
    public Usage usage() {
        return usage;
    }

    /// {@return Claude's stop reason, `""` until it is known}
    public String stopReason() {
        return stopReason;
    }

    /// {@return the failure that an `error` event tells}
    public static ApiException failure(SseEvent event) {
        return ApiException.event(event.json());
    }
}
