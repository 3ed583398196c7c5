"""What alarm panels and paging interfaces say: SIA DC-09 and its codes, ESPA 4.4.4. Pure and bounded."""
