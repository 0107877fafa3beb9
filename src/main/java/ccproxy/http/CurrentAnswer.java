package ccproxy.http;

import ccproxy.claude.EventStream;
import ccproxy.wire.ApiException;

/// The answer that an exchange is giving, if it gives one, and the error that it must end with, if
/// it must. For any number of threads: what cuts it comes from another than the exchange's own.
final class CurrentAnswer {
    private volatile EventStream events;
    private volatile ApiException error;

    /// Notes the answer that is being given, so that [#cut] can end it.
    void begin(EventStream events) {
        this.events = events;
        if (isCut()) events.close();
    }

    /// Says that the answer must end with `error`; [#cut] ends it.
    void cutWith(ApiException error) {
        this.error = error;
    }

    /// Ends the answer that is being given.
    void cut() {
        EventStream given = events;
        if (given != null) given.close();
    }

    /// {@return whether it must end, or has to}
    boolean isCut() {
        return error != null;
    }

    /// Stops an answer that begins only now.
    ///
    /// @throws ApiException when it must end
    void checkNotCut() {
        if (isCut()) throw error;
    }

    /// {@return what the client is told of a failure: where the answer was cut, that is why}
    ApiException told(ApiException thrown) {
        ApiException why = error;
        return why == null ? thrown : why;
    }
}
