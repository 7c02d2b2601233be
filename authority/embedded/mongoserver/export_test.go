package mongoserver

// Direct is the connection string of the server behind the relay.
func (s *Server) Direct() string {
	s.relay.mu.Lock()
	defer s.relay.mu.Unlock()
	return "mongodb://" + s.relay.backend + "/"
}
