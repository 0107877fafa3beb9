package ccproxy.observe;

import java.util.Objects;

/// Which request the code that runs now works for. Bound for the length of one exchange; a thread
/// that is started by hand does not inherit it and binds the record it was given itself.
///
/// @param requestId the `x-request-id`; empty outside a request
/// @param client who asks: the peer's address; empty outside a request
/// @param key the name of the key that it has shown; empty when it has none
public record RequestContext(String requestId, String client, String key) {
    /// What is current outside a request.
    public static final RequestContext NONE = new RequestContext("", "", "");

    private static final ScopedValue<RequestContext> CURRENT = ScopedValue.newInstance();

    /// Checks that every part is there.
    public RequestContext {
        Objects.requireNonNull(requestId);
        Objects.requireNonNull(client);
        Objects.requireNonNull(key);
    }

    /// {@return the context bound by [#run] or [#call] around this code, else [#NONE]}
    public static RequestContext current() {
        return CURRENT.orElse(NONE);
    }

    /// Runs `task` with this context as the current one.
    public void run(Runnable task) {
        ScopedValue.where(CURRENT, this).run(task);
    }

    /// {@return what `task` returns, called with this context as the current one}
    ///
    /// @throws X what the task throws
    public <R, X extends Throwable> R call(ScopedValue.CallableOp<? extends R, X> task) throws X {
        return ScopedValue.where(CURRENT, this).<R, X>call(task);
    }
}
