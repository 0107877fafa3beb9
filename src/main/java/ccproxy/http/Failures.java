package ccproxy.http;

import ccproxy.observe.Log;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.io.IOException;

/// What went wrong with an exchange, in words for its client.
final class Failures {
    private Failures() {}

    /// {@return what the client is told; what it may not know is logged}
    ///
    /// @throws ClientGoneException when there is nobody to tell
    static ApiException told(Throwable thrown) {
        return switch (thrown) {
            case ApiException told -> told;
            case InterruptedException _ -> stopping();
            case OutOfMemoryError _ -> {
                // What the request held is free again. The stack would need memory and say nothing.
                Log.error("out of memory for a request").write();
                yield Load.overloaded("no memory left for this request");
            }
            // Only reading a body throws it here: its sender broke off.
            case IOException _ -> throw new ClientGoneException();
            default -> {
                Log.error("internal error").with(thrown).write();
                yield new ApiException(ErrorKind.INTERNAL, "internal error");
            }
        };
    }

    /// {@return what a request hears that comes too late}
    static ApiException stopping() {
        return new ApiException(ErrorKind.UNAVAILABLE, "the server is stopping")
                .header("retry-after", "1")
                .header("connection", "close");
    }
}
