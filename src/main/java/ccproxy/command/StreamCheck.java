package ccproxy.command;

import ccproxy.wire.SseEvent;

/// Reads the events of one answer as a client does, and complains where that would stumble. For one
/// thread and one answer.
interface StreamCheck {
    /// What to do about an answer that is not as its API has it.
    String NOT_OURS =
            "ask the server directly, without anything in between; if it is so there too, report it";

    /// Takes the next event.
    ///
    /// @throws Unfit when the client could not read it
    /// @throws ccproxy.wire.ApiException naming a field that is missing or of another type
    void event(SseEvent event);

    /// Says what was read, after the last event.
    ///
    /// @throws Unfit when something is missing
    String end();

    /// {@return the complaint about an answer that is not as its API has it}
    static Unfit notAsItsApi(String problem) {
        return new Unfit(problem, NOT_OURS);
    }

    /// {@return the complaint about an error in mid-stream}
    static Unfit broken(String message) {
        return new Unfit(
                "the answer broke off: " + message,
                "it is the backend's: ask again, and see the server's log");
    }
}
