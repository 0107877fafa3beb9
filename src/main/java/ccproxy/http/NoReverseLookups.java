package ccproxy.http;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolverProvider;
import java.util.stream.Stream;

/// The JDK's resolver, but for names of addresses, of which there are none. The JDK's HTTPS server
/// asks for the name of every client (`SSLStreams`, for a cache that servers do not use), and waits
/// for it in native code, which holds a carrier thread: a few clients whose addresses have no name
/// would stop every other exchange for as long as the name server does not answer.
public final class NoReverseLookups extends InetAddressResolverProvider {
    /// For the service loader.
    public NoReverseLookups() {}

    @Override
    public InetAddressResolver get(Configuration configuration) {
        return new Forward(configuration.builtinResolver());
    }

    @Override
    public String name() {
        return "no reverse lookups";
    }

    private record Forward(InetAddressResolver inner) implements InetAddressResolver {
        @Override
        public Stream<InetAddress> lookupByName(String host, LookupPolicy policy)
                throws UnknownHostException {
            return inner.lookupByName(host, policy);
        }

        @Override
        public String lookupByAddress(byte[] address) throws UnknownHostException {
            throw new UnknownHostException("not asked for");
        }
    }
}
